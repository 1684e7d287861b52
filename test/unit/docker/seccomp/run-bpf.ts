/** A second reading of the kernel's documentation: runs a filter as seccomp does, over `struct seccomp_data`. */

export interface Call {
  arch: number;
  nr: number;
  args: bigint[];
}

const toData = ({ arch, nr, args }: Call): Buffer => {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(nr >>> 0, 0);
  data.writeUInt32LE(arch, 4);
  args.forEach((arg, index) => {
    data.writeBigUInt64LE(BigInt.asUintN(64, arg), 16 + 8 * index);
  });
  return data;
};

const jumps: Record<number, (accumulator: number, k: number) => boolean> = {
  21: (a, k) => a === k,
  37: (a, k) => a > k,
  53: (a, k) => a >= k,
  69: (a, k) => (a & k) !== 0,
};

/** Returns the filter's answer; throws where the kernel would not have taken the program. */
export const runBpf = (program: Buffer, call: Call): number => {
  const data = toData(call);
  let accumulator = 0;
  for (let at = 0; at < program.length; at += 8) {
    const code = program.readUInt16LE(at);
    const k = program.readUInt32LE(at + 4);
    const jump = jumps[code];
    if (jump) at += 8 * program.readUInt8(at + (jump(accumulator, k) ? 2 : 3));
    else if (code === 32) accumulator = data.readUInt32LE(k);
    else if (code === 84) accumulator = (accumulator & k) >>> 0;
    else if (code === 5) at += 8 * k;
    else if (code === 6) return k;
    else throw new Error(`instruction ${code}`);
  }
  throw new Error("the program ends without an answer");
};
