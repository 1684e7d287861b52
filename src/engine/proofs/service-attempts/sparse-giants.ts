import type { ServiceAttempt } from "../attempt.ts";
import { inSession } from "./attack-world.ts";

const TiB = 2 ** 40;

const plant = (bytes: number) => `
import errno, os
open("giant", "w").close()
try:
    os.truncate("giant", ${bytes})
    print("made")
except OSError as error:
    print(errno.errorcode[error.errno])
`;

export const sparseGiants: ServiceAttempt = {
  head: {
    id: 39,
    name: "sparse-giants",
    title: "Hand out a file of a tebibyte that takes no room",
    class: "service",
    techniques: ["T1499.003"],
    defences: ["file_limits", "transfers are bounded in bytes and time"],
    wallMs: 20_000,
  },
  attempt: (world) =>
    inSession(world, world.mallory, async ({ path, run }) => {
      const grown = (await run(plant(TiB))).trim();
      const answer = await world.mallory.ask(`${path}/files/giant`);
      const told = Number(answer.headers.get("content-length") ?? 0);
      await answer.body?.cancel();
      return {
        reached: answer.status === 200 && told >= TiB,
        saw: `growing it: ${grown}; reading it: ${answer.status} with ${told} bytes`,
      };
    }),
  control: (world) =>
    inSession(world, world.mallory, async ({ path, run }) => {
      const bytes = 1_000_000;
      const grown = (await run(plant(bytes))).trim();
      const got = (await (await world.mallory.ask(`${path}/files/giant`)).arrayBuffer()).byteLength;
      return {
        reached: grown === "made" && got === bytes,
        saw: `a sparse file within the limits: ${grown}, ${got} bytes`,
      };
    }),
};
