import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { ServiceAttempt } from "../attempt.ts";
import { type AttackWorld, posting, statusOf } from "./attack-world.ts";

/** Something on the service's own machine that only the service could reach for the attacker. */
const withListener = async <T>(use: (url: string, hits: () => number) => Promise<T>): Promise<T> => {
  let hits = 0;
  const server = createServer((_, response) => {
    hits += 1;
    response.end("internal");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    return await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, () => hits);
  } finally {
    server.close();
    server.closeAllConnections();
  }
};

const requests = (url: string, { policy, image }: AttackWorld): RequestInit[] => {
  const body = { code: "pass", policy, image };
  return [
    posting({ ...body, callback: url }),
    posting({ ...body, callbackUrl: url }),
    posting({ ...body, webhook: { url } }),
    posting({ ...body, codeUrl: url }),
    posting({ ...body, files: { "a.txt": { url } } }),
    posting({ ...body, image: url }),
    posting({ ...body, policy: url }),
    posting(body, { host: new URL(url).host, "x-forwarded-host": new URL(url).host, "x-callback-url": url }),
    posting({
      ...body,
      code: `import urllib.request\ntry:\n    urllib.request.urlopen(${JSON.stringify(url)}, timeout=1)\nexcept OSError:\n    pass`,
    }),
  ];
};

export const requestForgery: ServiceAttempt = {
  head: {
    id: 97,
    name: "request-forgery",
    title: "Have the service, or code in it, call an address on its own machine",
    class: "service",
    techniques: ["T1190", "T1090"],
    defences: ["no field names an address to fetch, and unknown fields are refused", "no_network"],
    wallMs: 30_000,
  },
  attempt: (world) =>
    withListener(async (url, hits) => {
      const statuses: number[] = [];
      for (const init of requests(url, world))
        statuses.push(await statusOf(await world.mallory.ask("/v1/executions", init)));
      return {
        reached: hits() > 0,
        saw: `${statuses.length} requests with the address in them, ${hits()} calls arrived (${statuses.join(", ")})`,
      };
    }),
  control: () =>
    withListener(async (url, hits) => {
      const text = await (await fetch(url)).text();
      return {
        reached: text === "internal" && hits() === 1,
        saw: "the service's process itself reaches the address",
      };
    }),
};
