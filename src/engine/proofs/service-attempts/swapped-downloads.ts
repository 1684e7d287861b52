import type { ServiceAttempt } from "../attempt.ts";
import { inSession } from "./attack-world.ts";
import { beside } from "./beside.ts";

const SECRETS = ["root:x:", "PATH=", "CLOCHE_", "PYTHONHASHSEED"];
const ROUNDS = 30;

/** Without what a policy does not let it make: a pipe, a socket, a thread. */
const plant = `${beside}
import os, socket
for name, target in [("passwd", "/etc/passwd"), ("environ", "/proc/self/environ"), ("first", "/proc/1/environ"),
                     ("launcher", "/proc/1/cmdline"), ("root", "/"), ("null", "/dev/null"), ("zero", "/dev/zero")]:
    os.symlink(target, name)
os.mkdir("folder")
try:
    os.mkfifo("pipe")
    socket.socket(socket.AF_UNIX).bind("socket")
except PermissionError:
    pass
open("honest", "w").write("honest")
os.symlink("/etc/passwd", "link")
open("plain", "w").write("honest")
def swap():
    os.rename("plain", "swapped"); os.rename("swapped", "plain")
    os.symlink("/etc/passwd", "other"); os.rename("other", "swapped"); os.unlink("swapped")
print(beside(swap), end="")
`;

const names = [
  ...[
    "passwd",
    "environ",
    "first",
    "launcher",
    "root/etc/passwd",
    "null",
    "zero",
    "pipe",
    "folder",
    "socket",
  ],
  ...Array.from({ length: ROUNDS }, () => "swapped"),
];

export const swappedDownloads: ServiceAttempt = {
  head: {
    id: 37,
    name: "swapped-downloads",
    title: "Have the service read another file: links, devices, pipes, and a link swapped in while it reads",
    class: "service",
    techniques: ["T1005", "T1190"],
    defences: ["files are opened inside the sandbox, one name at a time, never through a link", "landlock"],
    wallMs: 40_000,
  },
  attempt: (world) =>
    inSession(world, world.mallory, async ({ path, run }) => {
      const swapper = await run(plant);
      const told: string[] = [];
      const refused: Record<string, number> = {};
      for (const name of names) {
        const answer = await world.mallory.ask(`${path}/files/${name}`);
        const text = await answer.text().catch(() => "");
        refused[answer.status] = (refused[answer.status] ?? 0) + 1;
        const leaks = [...SECRETS, ...world.tokens].some((secret) => text.includes(secret));
        if (leaks || (answer.status === 200 && text !== "honest")) told.push(name);
      }
      const answers = Object.entries(refused).map(([status, count]) => `${count}×${status}`);
      return {
        reached: told.length > 0,
        saw: `${swapper} swapped; told ${told.join(", ") || "nothing"} of ${names.length} (${answers.join(", ")})`,
      };
    }),
  control: (world) =>
    inSession(world, world.mallory, async ({ path, run }) => {
      await run(plant);
      const own = (await run('print(open("/workspace/passwd").read())')).includes("root:x:");
      const text = await (await world.mallory.ask(`${path}/files/honest`)).text();
      return {
        reached: own && text === "honest",
        saw: `the link leads the session's own code to /etc/passwd: ${own}; an honest file: ${text}`,
      };
    }),
};
