/** Why a session ended. A closed union, kept with its evidence for the retention time. */
import { z } from "zod";

export const terminationReasons = {
  closed: "Its owner closed it",
  ttl: "Its time to live was over",
  idle: "Nobody used it for its idle time",
  memory: "The kernel ended the sandbox for memory",
  killed: "Something outside of Cloche ended the container",
  engine_lost: "The container engine went down and did not keep the container",
  launcher_failed: "The launcher in the sandbox broke",
  drained: "The service was asked to end and not to hand its sessions over",
  policy: "Its policy or image is not the one it was made under any more",
  quota: "Its tenant used up a daily bound",
  lost: "The service that had it went down, and the next one could not attach to it again",
} as const;

export type TerminationReason = keyof typeof terminationReasons;

export const terminationSchema = z
  .object({
    reason: z.enum(Object.keys(terminationReasons) as [TerminationReason, ...TerminationReason[]]),
    at: z.iso.datetime(),
    detail: z.string().meta({ description: "Evidence, for people: what was seen" }),
    infra: z.boolean().meta({ description: "True where the service or its host is at fault" }),
  })
  .meta({ id: "Termination" });
export type Termination = z.infer<typeof terminationSchema>;

const ours: readonly TerminationReason[] = ["killed", "engine_lost", "launcher_failed", "drained", "lost"];

export const toTermination = (reason: TerminationReason, detail: string, atMs: number): Termination => ({
  reason,
  at: new Date(atMs).toISOString(),
  detail,
  infra: ours.includes(reason),
});
