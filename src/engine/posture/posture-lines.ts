import type { Posture, PostureFinding } from "../../domain/posture.ts";
import type { PostureKeeper } from "./posture-keeper.ts";

interface Line {
  level: "info" | "warn" | "error";
  fields: Record<string, unknown>;
  message: string;
}

/** What the log says of the host at start: one line for all, one for each finding that asks for something. */
export const postureLines = (keeper: Pick<PostureKeeper, "read">): Line[] => {
  let posture: Posture;
  try {
    posture = keeper.read();
  } catch (err) {
    return [{ level: "error", fields: { err }, message: "host posture" }];
  }
  const { acceptable, minimum, engine, kernel, cgroup, findings } = posture;
  const count = (severity: PostureFinding["severity"]) =>
    findings.filter((finding) => finding.severity === severity).length;
  const fields = {
    acceptable,
    minimum,
    engine: engine.version,
    kernel: kernel.version,
    cgroup: cgroup.version,
    findings: { error: count("error"), warning: count("warning"), info: count("info") },
  };
  return [
    { level: acceptable ? "info" : "error", fields, message: "host posture" },
    ...findings
      .filter(({ severity }) => severity !== "info")
      .map(({ id, severity, message, remedy }): Line => {
        const level = severity === "error" ? "error" : "warn";
        return { level, fields: { finding: id, remedy }, message };
      }),
  ];
};
