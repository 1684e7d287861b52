import type { Container } from "dockerode";
import { z } from "zod";
import type { Hello } from "../../domain/sandbox.ts";

/** What the engine read in the cgroup's own files, on the host. */
const statsSchema = z.object({
  memory_stats: z.object({
    limit: z.number(),
    stats: z.object({ hierarchical_memsw_limit: z.number().optional() }).optional(),
  }),
});

/**
 * Puts what the host's cgroup has in place of what a sandbox with a kernel of its own can't see from inside. Memory
 * and swap are the host's to bound: its own word counts. (Version 2 of cgroups tells the engine nothing of swap; then
 * the sandbox's word stands.)
 */
export const asSeenByEngine = async (container: Pick<Container, "stats">, hello: Hello): Promise<Hello> => {
  const { memory_stats } = statsSchema.parse(await container.stats({ stream: false, "one-shot": true }));
  const both = memory_stats.stats?.hierarchical_memsw_limit;
  const swapBytes = both === undefined ? hello.controls.swapBytes : both - memory_stats.limit;
  return { ...hello, controls: { ...hello.controls, memoryBytes: memory_stats.limit, swapBytes } };
};
