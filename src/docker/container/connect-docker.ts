import Dockerode from "dockerode";

const UNIX = "unix://";

/**
 * Connects to the engine's socket, or, where DOCKER_HOST names another kind of address, as
 * dockerode reads it from the environment with its TLS settings.
 */
export const connectDocker = (
  dockerHost: string | undefined,
  options: { timeout?: number } = {},
): Dockerode =>
  dockerHost?.startsWith(UNIX)
    ? new Dockerode({ ...options, socketPath: dockerHost.slice(UNIX.length) })
    : new Dockerode(options);
