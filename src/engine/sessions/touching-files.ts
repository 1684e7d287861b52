import type { SandboxFiles } from "../ports/sandbox-files.ts";

/** The same files; each use, and each chunk of a long one, is told. */
export const touching = (files: SandboxFiles, touch: () => void): SandboxFiles => {
  const told =
    <Args extends unknown[], Result>(use: (...args: Args) => Result) =>
    (...args: Args): Result => {
      touch();
      return use(...args);
    };
  return {
    stat: told((path) => files.stat(path)),
    list: told((path, options) => files.list(path, options)),
    makeFolder: told((path) => files.makeFolder(path)),
    remove: told((path, options) => files.remove(path, options)),
    write: told((path, content, mode) => files.write(path, each(content, touch), mode)),
    read: told(async (path) => {
      const { entry, content } = await files.read(path);
      return { entry, content: each(content, touch) };
    }),
  };
};

async function* each(content: AsyncIterable<Buffer>, touch: () => void): AsyncGenerator<Buffer> {
  for await (const chunk of content) {
    touch();
    yield chunk;
  }
}
