import type { ServiceAttempt } from "../attempt.ts";
import { type Attacker, type AttackWorld, inSession, made, posting } from "./attack-world.ts";

const SECRET = "what only alice may see";

interface Belongings {
  paths: [method: string, path: string, body?: unknown][];
}

/** Things of alice's, and every way to one. */
const withBelongings = async <T>(world: AttackWorld, use: (things: Belongings) => Promise<T>): Promise<T> => {
  const { alice, policy, image } = world;
  const answer = await alice.ask(
    "/v1/executions",
    posting({ code: `print(${JSON.stringify(SECRET)})`, policy, image }),
  );
  const { id } = await made<{ id: string }>(answer, 200);
  return await inSession(world, alice, async ({ path, run }) => {
    await run(`open("secret.txt", "w").write(${JSON.stringify(SECRET)})`);
    return await use({
      paths: [
        ["GET", `/v1/executions/${id}`],
        ["GET", `/v1/executions/${id}/events`],
        ["POST", `/v1/executions/${id}/cancel`, {}],
        ["GET", path],
        ["GET", `${path}/files`],
        ["GET", `${path}/files/secret.txt`],
        ["PUT", `${path}/files/planted.txt`, "x"],
        ["DELETE", `${path}/files/secret.txt`],
        ["POST", `${path}/executions`, { code: "print(open('secret.txt').read())" }],
        ["POST", `${path}/reset`, {}],
        ["POST", `${path}/interrupt`, {}],
        ["DELETE", path],
      ],
    });
  });
};

const tryAll = async ({ ask }: Attacker, { paths }: Belongings) => {
  const statuses: number[] = [];
  let told = false;
  for (const [method, path, body] of paths) {
    const init = body === undefined ? { method } : { ...posting(body), method };
    const answer = await ask(path, init);
    statuses.push(answer.status);
    if ((await answer.text()).includes(SECRET)) told = true;
  }
  return { statuses, told };
};

export const otherTenants: ServiceAttempt = {
  head: {
    id: 95,
    name: "other-tenants",
    title: "Read, change or end what is another tenant's, by its id",
    class: "service",
    techniques: ["T1078", "T1213"],
    defences: ["every look-up is given the tenant whose things may be seen", "ids of 80 random bits"],
    wallMs: 40_000,
    needsKeys: true,
  },
  attempt: (world) =>
    withBelongings(world, async (things) => {
      const { statuses, told } = await tryAll(world.mallory, things);
      const lists = await Promise.all(
        ["/v1/executions", "/v1/sessions"].map(async (path) => (await world.mallory.ask(path)).text()),
      );
      const listed = lists.some((text) =>
        things.paths.some(([, path]) => text.includes(path.split("/")[3] ?? path)),
      );
      const open = statuses.filter((status) => status !== 404);
      return {
        reached: told || listed || open.length > 0,
        saw: `${statuses.length} ways tried with the right ids: ${open.length === 0 ? "each not found" : open.join(", ")}; in lists: ${listed}; content told: ${told}`,
      };
    }),
  control: (world) =>
    withBelongings(world, async (things) => {
      const { statuses, told } = await tryAll(world.alice, things);
      const open = statuses.filter((status) => status < 300).length;
      return {
        reached: told && open > 6,
        saw: `alice herself gets ${open} of ${statuses.length}, content told: ${told}`,
      };
    }),
};
