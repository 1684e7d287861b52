import type { Container } from "dockerode";
import { statusOf } from "./docker-errors.ts";

/** Kills and removes, with its volumes. A container that is gone, or is going just now, is removed enough. */
export const removeContainer = async (container: Pick<Container, "remove">): Promise<void> => {
  try {
    await container.remove({ force: true, v: true });
  } catch (error) {
    if (!isGone(error)) throw error;
  }
};

const isGone = (error: unknown): boolean => [404, 409].includes(statusOf(error) ?? 0);
