import type { RunRequest } from "../../engine/ports/runtime.ts";
import { toLauncher } from "../link/frames.ts";
import type { LauncherLink } from "../link/launcher-link.ts";

/** Sends a run with its inputs. `retain`: its events are kept until they are acknowledged. */
export const sendAction = async (link: LauncherLink, request: RunRequest, retain: boolean): Promise<void> => {
  const { id, mode, args, argv, env, seed, code, stdin, keepStdin, files, limits, name } = request;
  const { wallMs, cpuMs, outputBytes, resultBytes } = limits;
  const head = {
    id,
    mode,
    args,
    argv,
    env,
    seed,
    codeBytes: code.length,
    stdinBytes: stdin.length,
    keepStdin,
    files: files.map(({ path, content }) => ({ path, bytes: content.length })),
    limits: { wallMs, cpuMs, outputBytes, resultBytes },
    retain,
    name,
  };
  const headBytes = Buffer.from(JSON.stringify(head));
  const inputs = Buffer.concat([headBytes, code, stdin, ...files.map(({ content }) => content)]);
  // One write for the usual small action: each is a trip through the engine.
  link.cork();
  const sent = Promise.all([
    link.send(toLauncher.run, Buffer.from(JSON.stringify({ headBytes: headBytes.length }))),
    link.sendAll(toLauncher.input, inputs),
  ]);
  link.uncork();
  await sent;
};
