import type { ServiceAttempt } from "../attempt.ts";
import { inSession, statusOf } from "./attack-world.ts";
import { archive, paxRecord, type TarEntry, tar } from "./tiny-tar.ts";

const file = { content: "planted" };

const hostile: Record<string, TarEntry[]> = {
  "a link, then a file through it": [
    { name: "out", type: "2", target: "/tmp" },
    { name: "out/planted", ...file },
  ],
  "a link": [{ name: "passwd", type: "2", target: "/etc/passwd" }],
  "a hard link": [{ name: "passwd", type: "1", target: "/etc/passwd" }],
  "a device": [{ name: "mem", type: "3" }],
  "a pipe": [{ name: "pipe", type: "6" }],
  "a sparse file": [{ name: "sparse", type: "S", ...file }],
  "a name above": [{ name: "../planted", ...file }],
  "an absolute name": [{ name: "/tmp/planted", ...file }],
  "an extended header with a name above": [
    { name: "pax", type: "x", content: paxRecord("path", "../planted") },
    { name: "harmless", ...file },
  ],
  "a long name above": [
    { name: "././@LongLink", type: "L", content: `${"../".repeat(60)}tmp/planted\0` },
    { name: "harmless", ...file },
  ],
  "a long link": [
    { name: "././@LongLink", type: "K", content: "/etc/passwd\0" },
    { name: "long", type: "2", target: "x" },
  ],
  "one name twice": [
    { name: "twice", ...file },
    { name: "twice", content: "another" },
  ],
  "a file that is a folder": [
    { name: "both", ...file },
    { name: "both/planted", ...file },
  ],
  "headers without end": Array.from({ length: 2_000 }, () => ({
    name: "pax",
    type: "x",
    content: paxRecord("comment", "x".repeat(400)),
  })),
};

const look = `
import os
for folder in ("/tmp", "/dev/shm"):
    print(*(f"{folder}/{name}" for name in os.listdir(folder)))
for folder, folders, names in os.walk("/workspace"):
    for name in folders + names:
        mode = os.lstat(os.path.join(folder, name)).st_mode
        if mode & 0o7000 or mode >> 12 not in (4, 8):
            print(folder, name, oct(mode))
`;

export const hostileArchives: ServiceAttempt = {
  head: {
    id: 35,
    name: "hostile-archives",
    title: "Unpack an archive out of its folder: links, devices, set-user-id bits, names that disagree",
    class: "service",
    techniques: ["T1190", "T1574.005", "T1548.001"],
    defences: ["a reader of Cloche's own: regular files and folders only", "landlock"],
    wallMs: 45_000,
  },
  attempt: (world) =>
    inSession(world, world.mallory, async ({ path, run }) => {
      const { ask } = world.mallory;
      const taken: string[] = [];
      for (const [kind, entries] of Object.entries(hostile)) {
        if ((await statusOf(await ask(`${path}/files?path=in`, archive(tar(entries))))) < 400)
          taken.push(kind);
      }
      // The bits are taken off, so this one may come in.
      await statusOf(
        await ask(`${path}/files?path=bits`, archive(tar([{ name: "set", mode: 0o6777, ...file }]))),
      );
      const found = (await run(look)).trim();
      return {
        reached: taken.length > 0 || found !== "",
        saw: `of ${Object.keys(hostile).length} kinds ${taken.length} were taken ${taken.join(", ")}; found: ${found || "nothing"}`,
      };
    }),
  control: (world) =>
    inSession(world, world.mallory, async ({ path, run }) => {
      const honest = tar([
        { name: "a/", type: "5", mode: 0o755 },
        { name: "a/planted", ...file },
      ]);
      const status = await statusOf(await world.mallory.ask(`${path}/files`, archive(honest)));
      const found = (await run('print(open("/workspace/a/planted").read())')).trim();
      return {
        reached: status === 200 && found === "planted",
        saw: `an honest archive: ${status}; found: ${found}`,
      };
    }),
};
