/** The HTTP face over the whole engine, which is over fakes. */
import { Secret } from "../../src/domain/secret.ts";
import type { Role, TenantLimits } from "../../src/domain/tenant.ts";
import { AccessDenials } from "../../src/engine/audit/access-denials.ts";
import { Batches } from "../../src/engine/executions/batches.ts";
import { Idempotency } from "../../src/engine/idempotency.ts";
import { PolicyDesk } from "../../src/engine/policies/policy-desk.ts";
import type { AuditReader } from "../../src/engine/ports/audit-log.ts";
import type { Proofs } from "../../src/engine/proofs/proofs.ts";
import { Replays } from "../../src/engine/receipts/replays.ts";
import { Keys } from "../../src/engine/tenants/keys.ts";
import { LimitsOfTenants } from "../../src/engine/tenants/limits-of-tenants.ts";
import { Rate } from "../../src/engine/tenants/rate.ts";
import { visibleTo } from "../../src/engine/tenants/roles.ts";
import { Tenants } from "../../src/engine/tenants/tenants.ts";
import { createHttp, type HttpDependencies } from "../../src/http/create-http.ts";
import type { RequestLine } from "../../src/http/trace.ts";
import { shippedPolicies } from "./builders.ts";
import { anEngine } from "./engine.ts";
import { HeldRuns } from "./fake-runtime.ts";
import { settled } from "./manual-clock.ts";
import { MemoryKeyStore, MemoryTenantStore } from "./memory-stores.ts";
import { aPosture } from "./posture.ts";
import { someTenantLimits } from "./tenant-limits.ts";

const NO_HASH = `sha256:${"0".repeat(64)}`;
const FILE_KEY = "clo_0123456789abcdef";
/** One that has ended; that it is a whole one matters to nobody here. */
const aProof = { id: "prf_1", status: "finished", attempts: [] };
const someProofs: Pick<Proofs, "createId"> &
  Record<"attempts" | "find" | "list" | "start" | "cancel", unknown> = {
  createId: () => aProof.id,
  attempts: () => [],
  find: (id: string) => (id === aProof.id ? aProof : undefined),
  list: () => ({ items: [], nextCursor: null }),
  start: async () => aProof,
  cancel: async () => aProof,
};

/** Of a log that nobody reads here. */
const noAuditFiles: AuditReader = {
  events: () => ({ items: [], nextCursor: null }),
  heads: () => [],
  inclusion: (seq, treeSize = seq) => ({ seq, treeSize, leafHash: NO_HASH, rootHash: NO_HASH, path: [] }),
  consistency: (from, to = from) => ({ from, to, fromRootHash: NO_HASH, toRootHash: NO_HASH, path: [] }),
};

const admin = { tenant: "default", role: "admin", keyId: "file" } as const;

interface Settings {
  engine?: Parameters<typeof anEngine>[0];
  limits?: Partial<TenantLimits>;
  http?: Partial<HttpDependencies>;
}

export interface Ask {
  body?: unknown;
  /** Default: `t`'s submitter; null sends none. */
  key?: string | null;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

export const httpApp = ({ engine: engineSettings = {}, limits, http = {} }: Settings = {}) => {
  const engine = anEngine({ boundsOf: () => ({ sandboxes: 8, queued: 8 }), ...engineSettings });
  const { clock, stores, executor, ledger, sessions, cohorts, catalog, admission, signer, audit } = engine;
  const errors: unknown[] = [];
  const lines: RequestLine[] = [];
  const idempotency = new Idempotency(stores.idempotency);
  const keyStore = new MemoryKeyStore();
  const tenantStore = new MemoryTenantStore(keyStore);
  const keys = new Keys({ store: keyStore, audit, clock, fileKey: new Secret(FILE_KEY) });
  const onChange = (tenant: string) => admission.recheck(tenant);
  const limitsOf = new LimitsOfTenants({ defaults: someTenantLimits(limits), store: tenantStore, onChange });
  const usage = { of: () => ({ cpuMs: 0, bytes: 0 }) };
  const onError = (error: unknown) => void errors.push(error);
  const app = createHttp({
    executor,
    replays: new Replays({
      executor,
      ledger,
      store: stores.executions,
      catalog,
      assertMayRun: () => {},
    }),
    signingKeys: [
      {
        keyId: signer.keyId,
        algorithm: "Ed25519",
        publicKey: signer.publicKey,
        createdAt: new Date(clock.now()).toISOString(),
        retiredAt: null,
      },
    ],
    batches: new Batches({ executor, ledger, store: stores.executions, idempotency, clock, atOnce: 2 }),
    ledger,
    store: stores.executions,
    sessions,
    cohorts,
    files: {
      filesOf: async (caller, id) => sessions.live(visibleTo(caller), id).files(),
      audit,
      tenantOf: (id) => sessions.find(undefined, id)?.tenant,
      charge: () => {},
      caps: { uploadBytes: 2000, downloadBytes: 2000, entries: 10, ms: 60_000 },
      clock,
      onError,
    },
    idempotency,
    catalog,
    proofs: someProofs as unknown as Proofs,
    policies: new PolicyDesk(shippedPolicies, () => catalog.images()),
    keys,
    auth: true,
    tenants: new Tenants({ store: tenantStore, audit, limits: limitsOf, usage, admission }),
    rate: new Rate(clock, (tenant) => limitsOf.of(tenant).requestsPerMinute),
    assertMayRun: () => {},
    audit: noAuditFiles,
    denials: new AccessDenials(audit, clock, onError),
    posture: { read: () => aPosture(), check: async () => aPosture() },
    readiness: async () => ({ ready: true, checks: [], pools: [] }),
    metrics: async () => "",
    maxBodyBytes: 2000,
    maxBodiesBytes: 1_000_000,
    onRequest: (line) => void lines.push(line),
    onError,
    ...http,
  });
  const keyOf = (role: Role = "submitter", tenant = "t") =>
    keys.create(admin, { name: "for a test", tenant, role }).secret.reveal();
  const own = keyOf();

  const ask = async (method: string, path: string, { body, key = own, headers = {}, signal }: Ask = {}) =>
    await app.request(path, {
      method,
      headers: {
        ...(key === null ? {} : { authorization: `Bearer ${key}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      ...(signal ? { signal } : {}),
    });
  /** As `ask`, with the JSON that comes back. */
  const json = async (method: string, path: string, rest: Ask = {}) => {
    const response = await ask(method, path, rest);
    return { status: response.status, headers: response.headers, body: JSON.parse(await response.text()) };
  };
  /** Makes a session of the key's tenant and returns its path. */
  const aSession = async (spec: object = {}, rest: Ask = {}): Promise<string> =>
    `/v1/sessions/${(await json("POST", "/v1/sessions", { body: spec, ...rest })).body.id}`;
  const held = () => {
    const runs = new HeldRuns();
    engine.runtime.run = runs.run;
    return runs;
  };
  return { ...engine, app, ask, json, aSession, held, keyOf, own, fileKey: FILE_KEY, errors, lines, keys };
};

export interface SentEvent {
  id?: string;
  event?: string;
  data?: string;
}

/** Reads server-sent events one by one, as a client would. */
export class EventReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();
  #rest = "";

  constructor(response: Response) {
    if (!response.body) throw new Error("the answer has no body");
    this.#reader = response.body.getReader();
  }

  /** The next event, or what else stands between two empty lines; undefined at the end. */
  async next(): Promise<SentEvent | string | undefined> {
    for (;;) {
      const end = this.#rest.indexOf("\n\n");
      if (end >= 0) {
        const block = this.#rest.slice(0, end);
        this.#rest = this.#rest.slice(end + 2);
        return block.startsWith(":") ? block : toEvent(block);
      }
      const { done, value } = await this.#reader.read();
      if (done) return;
      this.#rest += this.#decoder.decode(value, { stream: true });
    }
  }

  async rest(): Promise<SentEvent[]> {
    const events: SentEvent[] = [];
    for (let event = await this.next(); event; event = await this.next()) {
      if (typeof event !== "string") events.push(event);
    }
    return events;
  }

  /** The reader goes away. */
  async leave(): Promise<void> {
    await this.#reader.cancel();
    await settled();
  }
}

const toEvent = (block: string): SentEvent =>
  Object.fromEntries(
    block.split("\n").map((line) => {
      const colon = line.indexOf(": ");
      return [line.slice(0, colon), line.slice(colon + 2)];
    }),
  );

export const eventsOf = async (response: Response): Promise<SentEvent[]> =>
  await new EventReader(response).rest();
