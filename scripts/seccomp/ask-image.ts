/** What an image's own Python says of its surroundings. */
import { PassThrough } from "node:stream";
import type Docker from "dockerode";

/** Runs a line of Python in a container of its own; returns what it printed. */
const askImage = async (docker: Docker, digest: string, code: string): Promise<string> => {
  const output = new PassThrough();
  let said = "";
  output.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const HostConfig = { AutoRemove: true, NetworkMode: "none" };
  const options = { Entrypoint: ["python3", "-I", "-c"], Tty: true, HostConfig };
  const [{ StatusCode }] = await docker.run(digest, [code], output, options);
  if (StatusCode !== 0) throw new Error(`${digest} could not be asked: ${said}`);
  return said.trim();
};

export const glibcOf = async (docker: Docker, digest: string): Promise<string> =>
  await askImage(
    docker,
    digest,
    "import os; print(os.confstr('CS_GNU_LIBC_VERSION').removeprefix('glibc '))",
  );
