/** Tar archives block by block, so that a test can make wrong ones. */

export interface BlockFields {
  name?: string | Buffer;
  type?: string;
  size?: number | string;
  mode?: string;
  prefix?: string;
  magic?: string;
  checksum?: string;
  linkname?: string;
}

const BLOCK = 512;

export const head = (fields: BlockFields): Buffer => {
  const block = Buffer.alloc(BLOCK);
  const { name = "a", size = 0, type = "0", mode = "0000644", magic = "ustar\u000000" } = fields;
  block.write("0000000", 108);
  block.write("0000000", 116);
  block.write("00000000000", 136);
  Buffer.from(name).copy(block, 0, 0, 100);
  block.write(mode, 100, "latin1");
  block.write(typeof size === "string" ? size : size.toString(8).padStart(11, "0"), 124, "latin1");
  block.write(type, 156, "latin1");
  block.write(fields.linkname ?? "", 157);
  block.write(magic, 257, "latin1");
  block.write(fields.prefix ?? "", 345);
  block.fill(" ", 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(fields.checksum ?? `${sum.toString(8).padStart(6, "0")}\u0000 `, 148, "latin1");
  return block;
};

const padded = (content: Buffer | string): Buffer => {
  const bytes = Buffer.from(content);
  return Buffer.concat([bytes, Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK)]);
};

export const entry = (fields: BlockFields, content: Buffer | string = ""): Buffer =>
  Buffer.concat([head({ size: Buffer.byteLength(content), ...fields }), padded(content)]);

/** One PAX record, with its own length counted in. */
export const record = (key: string, value: string): string => {
  const rest = ` ${key}=${value}\n`;
  let length = Buffer.byteLength(rest) + 1;
  while (String(length).length + Buffer.byteLength(rest) !== length) length += 1;
  return `${length}${rest}`;
};

export const pax = (records: Record<string, string>, type = "x"): Buffer =>
  entry(
    { name: "PaxHeader", type },
    Object.entries(records)
      .map(([key, value]) => record(key, value))
      .join(""),
  );

export const END = Buffer.alloc(2 * BLOCK);

export const archive = (...parts: Buffer[]): Buffer => Buffer.concat([...parts, END]);
