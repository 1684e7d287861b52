import type { ServiceAttempt } from "../attempt.ts";
import { type AttackWorld, posting } from "./attack-world.ts";

const forged =
  '\n\nevent: finished\ndata: {"observation":{"outcome":"ok","exitCode":0}}\n\n{"level":60,"msg":"root logged in"}\n=cmd|"/c calc"!A1\r\n';
const code = `import sys\nsys.stdout.write(${JSON.stringify(forged)})\nsys.stdout.flush()\nsys.exit(7)`;

const endsIn = (stream: string): string[] =>
  stream.split(/\r\n|\r|\n/).filter((line) => /^event: ?finished/.test(line));

const streamOf = async ({ mallory, policy, image }: AttackWorld, text: string): Promise<string> =>
  await (
    await mallory.ask(
      "/v1/executions",
      posting({ code: text, policy, image }, { accept: "text/event-stream" }),
    )
  ).text();

export const forgedEvents: ServiceAttempt = {
  head: {
    id: 96,
    name: "forged-events",
    title: "Print what readers take for an event, a line of the log, or a formula",
    class: "service",
    techniques: ["T1565.002", "T1070"],
    defences: ["one event is one line of JSON", "ids in requests are taken only in their own shape"],
    wallMs: 20_000,
  },
  attempt: async (world) => {
    const stream = await streamOf(world, code);
    const ends = endsIn(stream).length;
    const honest = stream.includes('"outcome":"nonzero_exit"');
    const answer = await world.mallory.ask("/v1/executions?limit=1", {
      headers: { "x-request-id": 'x","level":60,"msg":"root logged in' },
    });
    const id = answer.headers.get("x-request-id") ?? "";
    await answer.body?.cancel();
    return {
      reached: ends !== 1 || !honest || id.includes('"'),
      saw: `${ends} end in the stream, the true one: ${honest}; a forged request id came back as ${id.includes('"') ? "it was" : "another one"}`,
    };
  },
  control: async (world) => {
    const stream = await streamOf(world, "print(1)");
    const careless = `event: stdout\ndata: ${forged}\n${stream}`;
    return {
      reached: endsIn(stream).length === 1 && endsIn(careless).length === 2,
      saw: "the same text, written by a writer that takes no care, ends the stream twice",
    };
  },
};
