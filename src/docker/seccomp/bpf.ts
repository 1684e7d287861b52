/** A small assembler for the kernel's classic BPF, as system call filters are written in it. Jumps only go forward. */

/** Offsets in `struct seccomp_data`; arguments are 64 bits, the low half first (both machines are little-endian). */
const NUMBER = 0;
const MACHINE = 4;
const ARGUMENTS = 16;

const LOAD = 0x20;
const AND = 0x54;
const JUMP = 0x05;
const RETURN = 0x06;
const tests = { equal: 0x15, above: 0x25, atLeast: 0x35, anyBit: 0x45 } as const;

/** What the kernel takes at most. */
const MAX_INSTRUCTIONS = 4096;
const INSTRUCTION_BYTES = 8;

type Label = string;
type Instruction = { code: number; k: number; jump?: Label; whenTrue?: Label; whenFalse?: Label };

export class Assembler {
  readonly #instructions: Instruction[] = [];
  readonly #labels = new Map<Label, number>();
  #names = 0;

  label(): Label {
    return `L${this.#names++}`;
  }

  place(label: Label): void {
    this.#labels.set(label, this.#instructions.length);
  }

  loadNumber(): void {
    this.#add({ code: LOAD, k: NUMBER });
  }

  loadMachine(): void {
    this.#add({ code: LOAD, k: MACHINE });
  }

  loadArgument(index: number, half: "low" | "high"): void {
    this.#add({ code: LOAD, k: ARGUMENTS + 8 * index + (half === "high" ? 4 : 0) });
  }

  and(mask: number): void {
    this.#add({ code: AND, k: mask });
  }

  /** Goes on with the next instruction where no label is given. Labels must be near. */
  test(
    kind: keyof typeof tests,
    k: number,
    { whenTrue, whenFalse }: { whenTrue?: Label; whenFalse?: Label },
  ) {
    this.#add({ code: tests[kind], k, ...(whenTrue && { whenTrue }), ...(whenFalse && { whenFalse }) });
  }

  /** However far. */
  goto(label: Label): void {
    this.#add({ code: JUMP, k: 0, jump: label });
  }

  return(action: number): void {
    this.#add({ code: RETURN, k: action });
  }

  assemble(): Buffer {
    const count = this.#instructions.length;
    if (count > MAX_INSTRUCTIONS) {
      throw new Error(`the rules come to ${count} instructions, the kernel takes ${MAX_INSTRUCTIONS}`);
    }
    const bytes = Buffer.alloc(count * INSTRUCTION_BYTES);
    this.#instructions.forEach(({ code, k, jump, whenTrue, whenFalse }, at) => {
      const offset = at * INSTRUCTION_BYTES;
      bytes.writeUInt16LE(code, offset);
      bytes.writeUInt8(this.#distance(at, whenTrue), offset + 2);
      bytes.writeUInt8(this.#distance(at, whenFalse), offset + 3);
      bytes.writeUInt32LE(jump === undefined ? k : this.#distance(at, jump), offset + 4);
    });
    return bytes;
  }

  #add(instruction: Instruction): void {
    this.#instructions.push(instruction);
  }

  #distance(from: number, label: Label | undefined): number {
    if (label === undefined) return 0;
    const to = this.#labels.get(label);
    if (to === undefined) throw new Error(`label ${label} has no place`);
    return to - from - 1;
  }
}
