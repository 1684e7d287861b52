/** An audit log in a folder of its own, with a clock by hand and a key that is there for one run of the tests. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AuditLogOptions, FileAuditLog } from "../../src/audit/file-audit-log.ts";
import type { AuditEvent, NewAuditEvent } from "../../src/domain/audit-event.ts";
import { aSigner } from "./a-signer.ts";
import { ManualClock } from "./manual-clock.ts";

export const anEvent = (event: Partial<NewAuditEvent> = {}): NewAuditEvent => ({
  type: "execution.accepted",
  tenant: "t",
  actor: { keyId: "key_1", role: "submitter" },
  subject: { execution: "exe_1" },
  data: { image: "python" },
  ...event,
});

export const aLog = (options: Partial<AuditLogOptions> = {}) => {
  const folder = join(mkdtempSync(join(tmpdir(), "cloche-audit-")), "audit");
  const keptHead = join(folder, "..", "audit-head.json");
  const signer = aSigner();
  const clock = new ManualClock();
  const faults: unknown[] = [];
  const open = (more: Partial<AuditLogOptions> = {}) =>
    new FileAuditLog({
      folder,
      keptHead,
      signer,
      trusted: [signer.publicKey],
      clock,
      sync: "normal",
      segmentBytes: 1 << 20,
      onFault: (error) => void faults.push(error),
      ...options,
      ...more,
    });
  const path = (name: string) => join(folder, name);
  const lines = (name = "audit-000001.jsonl") => readFileSync(path(name), "utf8").split("\n").slice(0, -1);
  return {
    folder,
    keptHead,
    signer,
    clock,
    faults,
    open,
    path,
    lines,
    events: (name?: string): AuditEvent[] => lines(name).map((line) => JSON.parse(line)),
    rewrite: (change: (lines: string[]) => string[], name = "audit-000001.jsonl") =>
      writeFileSync(
        path(name),
        change(lines(name))
          .map((line) => `${line}\n`)
          .join(""),
      ),
    [Symbol.dispose]: () => rmSync(join(folder, ".."), { recursive: true }),
  };
};
