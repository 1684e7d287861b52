/** Files of memfd_create: they lie on no mount that is noexec and in no tree of Landlock, and can be executed. */
import type { SyscallRule } from "../domain/syscalls.ts";
import type { Place } from "./located.ts";
import type { ResolvedPolicy } from "./read-folder.ts";

/** MFD_NOEXEC_SEAL, of Linux 6.3: the file can't be executed and can't be made so; an older kernel refuses it. */
const NOEXEC_SEAL = 8;

/** The lines that let code run what it wrote to memory; none where nothing may be executed or no line does. */
export const anonymousPrograms = ({ policy, callPlaces, placeOf }: ResolvedPolicy): Place[] => {
  const allowing = (name: string) =>
    policy.calls
      .map((rule, i) => ({ rule, place: callPlaces[i]?.get(name) ?? placeOf(["syscalls"]) }))
      .filter(({ rule }) => rule.errno === undefined && rule.names.includes(name));
  if (allowing("execve").length + allowing("execveat").length === 0) return [];
  return allowing("memfd_create")
    .filter(({ rule }) => !isSealed(rule))
    .map(({ place }) => place);
};

const isSealed = ({ args = [] }: SyscallRule): boolean =>
  args.some(
    ({ index, op, value, mask = 0 }) =>
      index === 1 &&
      ((op === "masked_equal" && (mask & value & NOEXEC_SEAL) !== 0) ||
        (op === "equal" && (value & NOEXEC_SEAL) !== 0)),
  );
