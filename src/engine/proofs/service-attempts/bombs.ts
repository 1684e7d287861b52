import { gzipSync } from "node:zlib";
import type { ServiceAttempt } from "../attempt.ts";
import { inSession, statusOf } from "./attack-world.ts";
import { archive, tar } from "./tiny-tar.ts";

const MiB = 1024 * 1024;
/** Unpacked; about a thousandth of it is sent. */
const BOMB_MIB = 48;
const gzip = { "content-encoding": "gzip" };

/** What was refused half-way is being removed still, perhaps. */
const look = `
import os, time
def kept():
    return sum(os.lstat(f"/workspace/{name}").st_size for name in os.listdir("/workspace"))
deadline = time.monotonic() + 5
while kept() and time.monotonic() < deadline:
    time.sleep(0.02)
print(kept())
`;

const bomb = () =>
  new Uint8Array(gzipSync(tar([{ name: "bomb", content: "\0".repeat(BOMB_MIB * MiB) }]), { level: 9 }));

export const bombs: ServiceAttempt = {
  head: {
    id: 36,
    name: "bombs",
    title: "Send little that unpacks to much",
    class: "service",
    techniques: ["T1499.003"],
    defences: ["unpacking stops above 200 times the size", "what is unpacked is streamed, never held"],
    wallMs: 30_000,
  },
  attempt: (world) =>
    inSession(world, world.mallory, async ({ path, run }) => {
      const body = bomb();
      const status = await statusOf(await world.mallory.ask(`${path}/files`, archive(body, gzip)));
      const found = Number(await run(look));
      return {
        reached: status < 400 || found > 0,
        saw: `${Math.round(body.length / 1024)} KiB for ${BOMB_MIB} MiB: answered ${status}, ${found} bytes kept`,
      };
    }),
  control: (world) =>
    inSession(world, world.mallory, async ({ path }) => {
      const honest = new Uint8Array(gzipSync(tar([{ name: "small", content: "a line\n".repeat(100) }])));
      const status = await statusOf(await world.mallory.ask(`${path}/files`, archive(honest, gzip)));
      return { reached: status === 200, saw: `an honest packed archive: ${status}` };
    }),
};
