/** Events in the Common Event Format, version 0: one line each. */
import { type AuditEvent, isFailure } from "./event.ts";

export const toCef = (event: AuditEvent, version: string): string => {
  const severity = isFailure(event) ? 6 : 3;
  const header = ["CEF:0", "Cloche", "Cloche", version, event.type, event.type, String(severity)].map(
    inHeader,
  );
  const extension = fieldsOf(event).map(([key, value]) => `${key}=${inExtension(value)}`);
  return `${header.join("|")}|${extension.join(" ")}`;
};

const fieldsOf = ({ id, seq, time, tenant, actor, subject, data, prev, hash }: AuditEvent) =>
  [
    ["rt", String(Date.parse(time))],
    ["externalId", id],
    ["cn1Label", "seq"],
    ["cn1", String(seq)],
    ...(actor ? [["suid", actor.keyId] as const, ["spriv", actor.role] as const] : []),
    ...(tenant === null ? [] : [["clocheTenant", tenant] as const]),
    ...Object.entries(subject).map(([key, value]) => [named("subject", key), value] as const),
    ...Object.entries(data).map(([key, value]) => [named("data", key), String(value)] as const),
    ["clochePrev", prev],
    ["clocheHash", hash],
  ] as const;

/** Keys of our own are letters and digits. */
const named = (kind: string, key: string): string => {
  const words = [kind, ...key.split(/[^A-Za-z0-9]+/)].filter((word) => word !== "");
  return `cloche${words.map((word) => (word[0] ?? "").toUpperCase() + word.slice(1)).join("")}`;
};

/** A header has no way to hold a line's end. */
const inHeader = (text: string): string => text.replace(/[\\|]/g, "\\$&").replace(/[\r\n]+/g, " ");

const inExtension = (text: string): string =>
  text.replace(/[\\=]/g, "\\$&").replace(/\r/g, "\\r").replace(/\n/g, "\\n");
