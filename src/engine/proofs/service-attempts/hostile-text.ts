import type { ServiceAttempt } from "../attempt.ts";
import { type AttackWorld, made, posting } from "./attack-world.ts";

/** What terminals obey, what JSON has no text for, what reorders a line, and a frame of somebody's own. */
const bytes = Buffer.concat([
  Buffer.from('\x1b]0;owned\x07\x1b[2J\r\n","outcome":"ok"}\u202e\u2028\u0000'),
  Buffer.from([0x80, 0xff, 0xfe, 0xc3, 0x28, 0xed, 0xa0, 0x80]),
]);

const code = `
import base64, os, sys
data = base64.b64decode("${bytes.toString("base64")}")
for name in (b"\\x1b[2J", b"a\\rb", b"\\xff\\xfe", "\\u202etxt.exe".encode(), b"line\\nbreak"):
    open(name, "wb").close()
sys.stdout.buffer.write(data)
sys.stdout.buffer.flush()
sys.exit(3)
`;

interface Ended {
  observation: { outcome: string; stdout: string; stdoutBase64?: string; exitCode: number };
}

const runIt = async ({ mallory, policy, image }: AttackWorld): Promise<string> =>
  await (await mallory.ask("/v1/executions", posting({ code, policy, image, outputs: ["*"] }))).text();

export const hostileText: ServiceAttempt = {
  head: {
    id: 43,
    name: "hostile-text",
    title: "Break the answer with output and names that no text has",
    class: "service",
    techniques: ["T1036", "T1027"],
    defences: ["bytes travel as base64 where text can't carry them", "one JSON encoder"],
    wallMs: 20_000,
  },
  attempt: async (world) => {
    const text = await runIt(world);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point
    const raw = /[\u0000-\u0008\u000b-\u001f\u007f]/.test(text);
    const { observation } = JSON.parse(text) as Ended;
    const exact = Buffer.from(observation.stdoutBase64 ?? "", "base64").equals(bytes);
    return {
      reached: raw || !exact || observation.outcome !== "nonzero_exit" || observation.exitCode !== 3,
      saw: `control characters in the answer: ${raw}; ${bytes.length} bytes came back as they were: ${exact}; outcome ${observation.outcome}`,
    };
  },
  control: async (world) => {
    // As an encoder would that only puts quotes around it.
    const careless = `{"stdout":"${bytes.toString("latin1")}","outcome":"nonzero_exit"}`;
    let broke = false;
    try {
      JSON.parse(careless);
    } catch {
      broke = true;
    }
    const answer = await world.mallory.ask(
      "/v1/executions",
      posting({ code: "print('text')", policy: world.policy, image: world.image }),
    );
    const { observation } = await made<Ended>(answer, 200);
    return {
      reached: broke && observation.stdout === "text\n",
      saw: `the same bytes break an encoder that takes no care: ${broke}; plain text comes back as text`,
    };
  },
};
