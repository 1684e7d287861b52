import type { Container } from "dockerode";

/** Kills and removes, with its volumes. A container that is gone, or is going just now, is removed enough. */
export const removeContainer = async (container: Pick<Container, "remove">): Promise<void> => {
  try {
    await container.remove({ force: true, v: true });
  } catch (error) {
    if (!isGone(error)) throw error;
  }
};

/** By status code, never by message. */
const isGone = (error: unknown): boolean => [404, 409].includes(statusOf(error) ?? 0);

const statusOf = (error: unknown): number | undefined =>
  error instanceof Error && "statusCode" in error && typeof error.statusCode === "number"
    ? error.statusCode
    : undefined;
