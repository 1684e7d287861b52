/** Of the calls that a tier allows only with certain arguments: which arguments those are, as a trace tells them. */

/** For example "0x1,0x0": the arguments of one call that matter, in order. */
export type ArgumentsSeen = string;

interface Matters {
  index: number;
  /** Bits that matter. */
  mask?: number;
  /** A process id, which is another one each time: only whether it is 0 matters. */
  process?: true;
}

const NEW_NAMESPACES = 0x7e02_0000;
const FILE_TYPE = 0o170_000;

export const argumentsThatMatter: Readonly<Record<string, readonly Matters[]>> = {
  arch_prctl: [{ index: 0 }],
  clone: [{ index: 0, mask: NEW_NAMESPACES }],
  ioctl: [{ index: 1 }],
  mknod: [{ index: 1, mask: FILE_TYPE }],
  mknodat: [{ index: 2, mask: FILE_TYPE }],
  personality: [{ index: 0 }],
  prctl: [{ index: 0 }],
  prlimit64: [{ index: 0, process: true }],
  sched_setaffinity: [{ index: 0, process: true }],
  setpriority: [{ index: 0 }, { index: 1, process: true }],
  socket: [{ index: 0 }, { index: 2 }],
  socketpair: [{ index: 0 }],
};

/** undefined where none matter, or one of them is not known. */
export const describeArguments = (name: string, given: readonly number[]): ArgumentsSeen | undefined => {
  const matter = argumentsThatMatter[name];
  if (!matter) return;
  const values = matter.map(({ index, mask, process }) => {
    const value = given[index] ?? Number.NaN;
    if (process) return value === 0 ? 0 : 1;
    return mask === undefined ? value : (value & mask) >>> 0;
  });
  return values.some(Number.isNaN) ? undefined : values.map((value) => `0x${value.toString(16)}`).join(",");
};
