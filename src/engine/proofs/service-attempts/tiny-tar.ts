/** Archives as a caller who means ill writes them: header by header, whatever a writer that behaves would refuse. */

const BLOCK = 512;

export interface TarEntry {
  name: string;
  /** `0` file, `1` hard link, `2` link, `3` device, `5` folder, `L` long name, `S` sparse, `x` extended header. */
  type?: string;
  mode?: number;
  target?: string;
  content?: string;
}

export const tar = (entries: readonly TarEntry[]): Uint8Array<ArrayBuffer> =>
  new Uint8Array(Buffer.concat([...entries.map(toBlocks), Buffer.alloc(2 * BLOCK)]));

const toBlocks = ({ name, type = "0", mode = 0o644, target = "", content = "" }: TarEntry): Buffer => {
  const data = Buffer.from(content);
  const header = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, digits: number) =>
    header.write(`${value.toString(8).padStart(digits, "0")}\0`, at);
  header.write(name.slice(0, 100), 0);
  octal(mode, 100, 7);
  octal(0, 108, 7);
  octal(0, 116, 7);
  octal(data.length, 124, 11);
  octal(0, 136, 11);
  header.write("        ", 148);
  header.write(type, 156);
  header.write(target.slice(0, 100), 157);
  header.write("ustar\0" + "00", 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return Buffer.concat([header, data, Buffer.alloc((BLOCK - (data.length % BLOCK)) % BLOCK)]);
};

/** One record of an extended header: its own length in front. */
export const paxRecord = (key: string, value: string): string => {
  const rest = ` ${key}=${value}\n`;
  const short = rest.length + String(rest.length).length;
  return `${rest.length + String(short).length}${rest}`;
};

export const archive = (
  body: Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
): RequestInit => ({
  method: "PUT",
  body,
  headers: { "content-type": "application/x-tar", ...headers },
});
