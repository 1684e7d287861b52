import Docker from "dockerode";
import type { ProbeResult } from "./engine-plan.ts";

const pingTimeoutMs = 5000;

export function connectDocker(dockerHost: string, options: { timeout?: number } = {}): Docker {
  const prefix = "unix://";
  if (dockerHost.startsWith(prefix))
    return new Docker({ ...options, socketPath: dockerHost.slice(prefix.length) });
  // Only DOCKER_HOST itself can name anything but a unix socket, and dockerode reads it, with its TLS settings,
  // from the same environment.
  return new Docker(options);
}

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
