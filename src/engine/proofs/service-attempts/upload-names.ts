import type { ServiceAttempt } from "../attempt.ts";
import { inSession, statusOf } from "./attack-world.ts";

const put = { method: "PUT", body: "planted", headers: { "content-type": "application/octet-stream" } };

/** As they come over the wire. */
const hostile = [
  "../planted",
  "..%2Fplanted",
  "%2e%2e/planted",
  "a/../../planted",
  "a/%2e%2e/%2e%2e/planted",
  "%2Ftmp%2Fplanted",
  "/tmp/planted",
  "C:%5Cplanted",
  "..%5Cplanted",
  "planted%00.txt",
  "planted%0A",
  "planted%1B%5B2J",
  "%ED%A0%80planted",
  "%C0%AE%C0%AE/planted",
  "%25%32%65%zzplanted",
  ".",
  "..",
  "a//planted",
  "planted/",
  "p".repeat(4096),
  `${"a/".repeat(40)}planted`,
];

const look = `
import os
seen = [f"{folder}/{name}" for root in ("/", "/tmp", "/dev/shm", "/opt", "/etc")
        for folder, _, names in [next(os.walk(root), (root, [], []))] for name in names if "planted" in name]
print(*seen, *(name for name in os.listdir("/workspace")), sep="\\n")
`;

export const uploadNames: ServiceAttempt = {
  head: {
    id: 34,
    name: "upload-names",
    title: "Put a file where its name says: above the workspace, in the root, past a NUL",
    class: "service",
    techniques: ["T1190", "T1036.005"],
    defences: ["names are decoded once and checked by one schema", "landlock"],
    wallMs: 30_000,
  },
  attempt: (world) =>
    inSession(world, world.mallory, async ({ path, run }) => {
      const taken: string[] = [];
      for (const name of hostile) {
        const status = await statusOf(await world.mallory.ask(`${path}/files/${name}`, put));
        if (status < 400) taken.push(name.slice(0, 40));
      }
      const found = (await run(look)).trim();
      return {
        reached: taken.length > 0 || found !== "",
        saw: `of ${hostile.length} names ${taken.length} were taken ${taken.join(" ")}; found afterwards: ${found || "nothing"}`,
      };
    }),
  control: (world) =>
    inSession(world, world.mallory, async ({ path, run }) => {
      const status = await statusOf(await world.mallory.ask(`${path}/files/planted`, put));
      const found = (await run(look)).trim();
      return {
        reached: status === 201 && found === "planted",
        saw: `an honest name: ${status}; found: ${found}`,
      };
    }),
};
