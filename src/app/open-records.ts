import { join } from "node:path";
import { FileAuditLog } from "../audit/file-audit-log.ts";
import type { Config } from "../config.ts";
import type { Policy } from "../domain/policy.ts";
import { AccessDenials } from "../engine/audit/access-denials.ts";
import { recordStart, recordStop } from "../engine/audit/service-events.ts";
import type { Clock } from "../engine/ports/clock.ts";
import { openApiInfo } from "../http/openapi.ts";
import { FileSigner } from "../signing/file-signer.ts";
import { SqliteStore } from "../store/sqlite-store.ts";
import { DAY_MS } from "./times.ts";

export interface Records {
  signer: FileSigner;
  audit: FileAuditLog;
  /** Requests that were refused, counted, as the log has them. */
  denials: AccessDenials;
  store: SqliteStore;
}

/** Opens what the state folder has: the signing key, the audit log, the store. `held` closes them again. */
export const openRecords = (
  config: Config,
  held: AsyncDisposableStack,
  {
    instance,
    policies,
    clock,
    onFault,
  }: { instance: string; policies: Policy[]; clock: Clock; onFault(error: unknown): void },
): Records => {
  const signer = new FileSigner(config.CLOCHE_STATE_DIR, clock);
  const audit = new FileAuditLog({
    folder: join(config.CLOCHE_STATE_DIR, "audit"),
    keptHead: join(config.CLOCHE_STATE_DIR, "audit-head.json"),
    signer,
    trusted: signer.keys.map(({ publicKey }) => publicKey),
    clock,
    sync: config.CLOCHE_AUDIT_SYNC,
    segmentBytes: config.CLOCHE_AUDIT_SEGMENT_BYTES,
    retentionMs: config.CLOCHE_AUDIT_RETENTION_DAYS && config.CLOCHE_AUDIT_RETENTION_DAYS * DAY_MS,
    onFault,
  });
  held.defer(() => audit.close());
  recordStart(audit, audit.reader, {
    instance,
    version: openApiInfo.info.version,
    node: process.version,
    policies,
  });
  audit.signHead();
  held.defer(() => recordStop(audit, instance));
  const denials = new AccessDenials(audit, clock, onFault);
  held.defer(() => denials.flush());
  const store = new SqliteStore({
    file: join(config.CLOCHE_STATE_DIR, "cloche.db"),
    synchronous: config.CLOCHE_STORE_SYNC === "full" ? "FULL" : "NORMAL",
    maxBytes: config.CLOCHE_RETENTION_BYTES,
    clock,
  });
  held.defer(() => store.close());
  return { signer, audit, denials, store };
};
