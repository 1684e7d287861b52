/** Loads a system call list and cuts it to one architecture. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const profileSchema = z.looseObject({
  defaultAction: z.literal("SCMP_ACT_ERRNO"),
  architectures: z.array(z.string()),
});

const architectures: Record<string, string> = {
  x86_64: "SCMP_ARCH_X86_64",
  aarch64: "SCMP_ARCH_AARCH64",
};

/**
 * Returns the profile as the engine takes it. Only the machine's own architecture is named, so the
 * kernel kills whoever uses another one's numbers (i386, x32). Throws where the machine has no list.
 */
export const loadSeccompProfile = (policiesFolder: string, syscalls: string, machine: string): string => {
  const file = join(policiesFolder, "seccomp", `${syscalls}.json`);
  const profile = profileSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  const architecture = architectures[machine];
  if (!architecture || !profile.architectures.includes(architecture)) {
    throw new Error(`policies/seccomp/${syscalls}.json has no list for ${machine}`);
  }
  return JSON.stringify({ ...profile, architectures: [architecture] });
};
