import { connectDocker } from "../../src/docker/container/connect-docker.ts";
import type { ProbeResult } from "./engine-plan.ts";

const pingTimeoutMs = 5000;

export async function probeEngine(dockerHost: string): Promise<ProbeResult> {
  try {
    await connectDocker(dockerHost, { timeout: pingTimeoutMs }).ping();
    return { state: "answers", dockerHost };
  } catch (error) {
    if (isPermissionError(error)) return { state: "denied", dockerHost };
    return { state: "silent", dockerHost, reason: error instanceof Error ? error.message : String(error) };
  }
}

function isPermissionError(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EACCES";
}
