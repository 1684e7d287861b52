import type { ServiceAttempt } from "../attempt.ts";
import { inSession } from "./attack-world.ts";
import { beside } from "./beside.ts";

const SOON_MS = 8_000;

/** Without what a policy does not let it make: a pipe, a thread. */
const plant = `${beside}
import os
try:
    os.mkfifo("pipe")
    keep = os.open("pipe", os.O_RDWR | os.O_NONBLOCK)
except PermissionError:
    pass
open("still", "w").write("x" * 100_000)
def grow():
    with open("growing", "a") as file:
        file.write("x" * 65536)
    if os.path.getsize("growing") > 10_000_000:
        os.truncate("growing", 10)
open("growing", "w").write("x" * 1000)
print(beside(grow), end="")
`;

export const endlessFiles: ServiceAttempt = {
  head: {
    id: 38,
    name: "endless-files",
    title: "Keep the service reading: a pipe that says nothing, a file that grows as it is read",
    class: "service",
    techniques: ["T1499.003", "T1499.004"],
    defences: ["only regular files are read, without waiting", "the size told first is what is sent"],
    wallMs: 40_000,
  },
  attempt: (world) =>
    inSession(world, world.mallory, async ({ path, run }) => {
      const { clock, mallory } = world;
      const grower = await run(plant);
      const started = clock.monotonic();
      const said: string[] = [];
      let more = false;
      for (const name of ["pipe", "growing", "growing", "growing"]) {
        const answer = await mallory.ask(`${path}/files/${name}`);
        const told = Number(answer.headers.get("content-length") ?? Number.NaN);
        const bytes = await answer.arrayBuffer().then(
          (buffer) => buffer.byteLength,
          () => "cut",
        );
        if (answer.status === 200 && typeof bytes === "number" && bytes > told) more = true;
        said.push(`${name}: ${answer.status}, ${bytes} bytes`);
      }
      const ms = Math.round(clock.monotonic() - started);
      return {
        reached: more || ms > SOON_MS,
        saw: `${grower} wrote; over after ${ms} ms; ${said.join("; ")}`,
      };
    }),
  control: (world) =>
    inSession(world, world.mallory, async ({ path, run }) => {
      await run(plant);
      const answer = await world.mallory.ask(`${path}/files/still`);
      const bytes = (await answer.arrayBuffer()).byteLength;
      const before = Number(await run('import os\nprint(os.path.getsize("growing"))'));
      return {
        reached: bytes === 100_000 && before > 0,
        saw: `a file that stands still: ${bytes} bytes; the other one grew to ${before}`,
      };
    }),
};
