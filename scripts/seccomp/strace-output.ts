/** Reads what `strace -e raw=all` writes of one thread. */
import { type ArgumentsSeen, describeArguments } from "./traced-arguments.ts";

/** A call's name, or what strace says of a number that it has no name for, and its arguments in hexadecimal. */
const line = /^([a-z_][a-z0-9_]*)\(([^)]*)/;
const unknown = /^syscall_(0x[0-9a-f]+)$/;

/** With this call the launcher's child closes the door behind itself: what comes before is the launcher's. */
const DOOR = "landlock_restrict_self";

/** Names of calls, each with the arguments seen where those decide whether it is allowed. */
export type Calls = Map<string, Set<ArgumentsSeen>>;

export const hasClosedDoor = (text: string): boolean => text.includes(`${DOOR}(`);

/** Adds the calls of one thread to `into`. Throws for a call that this strace is too old to know. */
export const readThread = (text: string, into: Calls): void => {
  const lines = text.split("\n");
  const door = lines.findLastIndex((each) => each.startsWith(`${DOOR}(`));
  for (const each of lines.slice(door + 1)) {
    const [, name, rest] = line.exec(each) ?? [];
    if (name === undefined || rest === undefined) continue;
    const number = unknown.exec(name)?.[1];
    if (number !== undefined) throw new Error(`strace is too old: it has no name for call ${number}`);
    const seen = into.get(name) ?? new Set();
    into.set(name, seen);
    const described = describeArguments(name, rest.split(", ").map(toNumber));
    if (described !== undefined) seen.add(described);
  }
};

/** `NaN` for what was cut off: a call that the thread's end left unfinished. */
const toNumber = (argument: string): number => Number(argument);
