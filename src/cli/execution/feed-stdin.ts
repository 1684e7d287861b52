/** Standard input of a run that takes it while it runs. */
import type { Api } from "../api/client.ts";
import { route } from "../api/route.ts";
import { ProblemError } from "../errors.ts";

const MAX_PIECE = 64 * 1024;
/** A program that does not read yet is asked again. */
const FULL_PAUSE_MS = 200;

/** Ends with the source or with the run, whichever is first: what a program doesn't read is nobody's fault. */
export const feedStdin = async (
  api: Api,
  id: string,
  source: AsyncIterable<Uint8Array | string>,
  signal: AbortSignal,
): Promise<void> => {
  const send = async (piece: Uint8Array<ArrayBuffer>, close: boolean) => {
    const response = await api.request({
      method: "POST",
      path: route`/v1/executions/${id}/stdin`,
      query: close ? { close: true } : {},
      headers: { "content-type": "application/octet-stream" },
      body: async () => piece,
      signal,
    });
    await response.body?.cancel();
  };
  const sendWhenTaken = async (piece: Uint8Array<ArrayBuffer>) => {
    for (;;) {
      try {
        return await send(piece, false);
      } catch (error) {
        if (!isProblem(error, "file_refused")) throw error;
        await api.times.pause(FULL_PAUSE_MS);
      }
    }
  };
  try {
    for await (const chunk of source) {
      const bytes = new Uint8Array(typeof chunk === "string" ? Buffer.from(chunk) : chunk);
      for (let from = 0; from < bytes.length; from += MAX_PIECE) {
        await sendWhenTaken(bytes.subarray(from, from + MAX_PIECE));
      }
    }
    await send(new Uint8Array(), true);
  } catch (error) {
    // It has ended, or has closed its input.
    if (!signal.aborted && !isProblem(error, "conflict") && !isProblem(error, "not_found")) throw error;
  }
};

const isProblem = (error: unknown, code: string) =>
  error instanceof ProblemError && error.problem.code === code;
