/** How the service lives and ends: crashes, drains, overload, callers that go away, sandboxes that die. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { executionSchema } from "../../src/domain/execution.ts";
import { readinessSchema } from "../../src/http/routes/health.ts";
import { containersOf, docker, startService, until } from "../support/service.ts";
import { ServiceProcesses } from "../support/service-processes.ts";

const root = join(import.meta.dirname, "../..");

let processes: ServiceProcesses;
beforeEach(() => {
  processes = new ServiceProcesses();
});
afterEach(async () => {
  await processes[Symbol.asyncDispose]();
});

/** With shorthands for what these tests ask for. */
const spawnService = async (env: Record<string, string> = {}) => {
  const service = await processes.start(env);
  const post = (code: string, rest: object = {}) =>
    service.request("/v1/executions", { method: "POST", body: JSON.stringify({ code, ...rest }) });
  const find = (id: string) => service.request(`/v1/executions/${id}`);
  return { ...service, post, find };
};

describe("a killed service", () => {
  test("loses nothing that it acknowledged, and its next start removes what it left", async () => {
    const acknowledged: string[] = [];
    for (let round = 0; round < 3; round += 1) {
      const service = await spawnService();
      const callers = Array.from({ length: 4 }, async () => {
        for (;;) {
          try {
            const response = await service.post(`print(${round})`);
            acknowledged.push(executionSchema.parse(await response.json()).id);
          } catch {
            return;
          }
        }
      });
      const goal = acknowledged.length + 3 + round * 2;
      await until(() => acknowledged.length >= goal);
      service.child.kill("SIGKILL");
      await Promise.all(callers);
    }
    const left = new Set(await containersOf(processes.instance));
    const service = await spawnService();
    for (const id of acknowledged) {
      const response = await service.find(id);
      expect(response.status).toBe(200);
      expect(executionSchema.parse(await response.json())).toMatchObject({
        id,
        observation: { outcome: "ok" },
      });
    }
    const now = await containersOf(processes.instance);
    expect(now.filter((id) => left.has(id))).toEqual([]);
    service.child.kill("SIGTERM");
    expect(await once(service.child, "exit")).toEqual([0, null]);
  });

  test("that nobody starts again leaves no running container: launchers that hear nothing end", async () => {
    const service = await spawnService({ CLOCHE_ORPHAN_MS: "5000" });
    const instance = processes.instance;
    expect((await containersOf(instance)).length).toBeGreaterThan(0);
    service.child.kill("SIGKILL");
    const filters = { label: [`io.cloche.instance=${instance}`] };
    await until(async () => (await docker().listContainers({ filters })).length === 0);
  });
});

describe("a service that is asked to end", () => {
  test.each(["SIGTERM", "SIGINT"] as const)(
    "on %s answers what it accepted and leaves no container",
    async (signal) => {
      const service = await spawnService();
      const running = service.post("import time; time.sleep(1); print('finished')");
      await until(async () => (await metric(service.url, "cloche_executions_running")) === 1);
      service.child.kill(signal);
      const body = executionSchema.parse(await (await running).json());
      expect(body.observation).toMatchObject({ outcome: "ok", stdout: "finished\n" });
      expect(await once(service.child, "exit")).toEqual([0, null]);
      expect(await containersOf(processes.instance)).toEqual([]);
    },
  );

  test("after its deadline it ends although code still runs", async () => {
    const service = await spawnService({ CLOCHE_DRAIN_MS: "100" });
    const running = service.post("import time; time.sleep(25)").catch(() => "cut off");
    await until(async () => (await metric(service.url, "cloche_executions_running")) === 1);
    service.child.kill("SIGTERM");
    await once(service.child, "exit");
    await running;
    expect(await containersOf(processes.instance)).toEqual([]);
  });

  const metric = async (url: string, name: string): Promise<number> => {
    const response = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${processes.key}` } });
    return Number(new RegExp(`^${name} (\\d+)`, "m").exec(await response.text())?.[1] ?? -1);
  };
});

describe("starting", () => {
  test("prints the address, the key once, and a command that works when pasted", async () => {
    const first = await spawnService();
    const { key } = processes;
    expect(first.printed).toContain(key);
    const command = first.printed.split("\n").find((line) => line.trim().startsWith("curl ")) ?? "";
    const shell = spawn("sh", ["-c", command], { stdio: ["ignore", "pipe", "inherit"] });
    let answer = "";
    for await (const chunk of shell.stdout) answer += chunk;
    expect(executionSchema.parse(JSON.parse(answer)).observation.stdout).toBe("1\n");
    first.child.kill("SIGTERM");
    await once(first.child, "exit");
    const second = await spawnService();
    expect(second.printed).not.toContain(key);
  });

  test("a second service with the same state folder is refused", async () => {
    await spawnService();
    const second = spawn(process.execPath, ["src/main.ts"], {
      cwd: root,
      env: { ...process.env, CLOCHE_STATE_DIR: processes.stateDir, CLOCHE_PORT: "0" },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let complaint = "";
    for await (const chunk of second.stderr) complaint += chunk;
    expect(complaint).toContain("Another Cloche is running");
    expect(second.exitCode).not.toBe(0);
  });
});

describe("overload", () => {
  test("over the queue requests get 503 at once; what was accepted finishes", async () => {
    await using service = await startService({ CLOCHE_MAX_RUNNING: "2", CLOCHE_MAX_QUEUED: "2" });
    const slow = { code: "import time; time.sleep(1)" };
    const answers = await Promise.all(Array.from({ length: 10 }, () => service.post(slow)));
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([200, 200, 200, 200, 503, 503, 503, 503, 503, 503]);
    const refused = answers.find(({ status }) => status === 503);
    expect(Number(refused?.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await refused?.json()).toMatchObject({ code: "capacity_exhausted", infra: true, retryable: true });
  });

  test("many callers at once all get their own answer", async () => {
    await using service = await startService();
    const numbers = Array.from({ length: 40 }, (_, n) => n);
    const answers = await Promise.all(numbers.map((n) => service.run(`print(${n})`)));
    expect(answers.map(({ stdout }) => stdout)).toEqual(numbers.map((n) => `${n}\n`));
  });
});

describe("a caller that goes away", () => {
  test("cancels its run and frees its place", async () => {
    await using service = await startService({ CLOCHE_MAX_RUNNING: "1", CLOCHE_MAX_QUEUED: "5" });
    const abort = new AbortController();
    const gone = service.post({ code: "import time; time.sleep(25)" }, abort.signal).catch(() => "aborted");
    const queued = service.post({ code: "import time; time.sleep(25)" }, abort.signal).catch(() => "aborted");
    const metrics = async () => await (await service.request("/metrics")).text();
    await until(async () => (await metrics()).includes('cloche_pool_acquires_total{result="hit"} 1'));
    await until(async () => (await metrics()).includes("cloche_executions_queued 1"));
    abort.abort();
    expect(await Promise.all([gone, queued])).toEqual(["aborted", "aborted"]);
    expect(await service.run("print('next')")).toMatchObject({ outcome: "ok" });
    expect(await metrics()).toContain('cloche_executions_total{outcome="cancelled"} 2');
  });
});

describe("a sandbox that dies while it is warm", () => {
  test("is replaced and never handed out", async () => {
    await using service = await startService({ CLOCHE_POOL_TARGET: "2" });
    await until(async () => {
      const { pools } = readinessSchema.parse(await (await service.request("/readyz")).json());
      return pools[0]?.warm === 2;
    });
    const victims = await service.containers();
    await Promise.all(victims.map((id) => docker().getContainer(id).kill()));
    expect(await service.run("print('fine')")).toMatchObject({ outcome: "ok", stdout: "fine\n" });
    await until(async () => (await service.containers()).every((id) => !victims.includes(id)));
  });

  test("a frozen one doesn't answer its ping and is not handed out", async () => {
    await using service = await startService({ CLOCHE_POOL_TARGET: "1" });
    await until(async () => (await service.containers()).length === 1);
    const [frozen = ""] = await service.containers();
    await docker().getContainer(frozen).pause();
    expect(await service.run("print('fine')")).toMatchObject({ outcome: "ok", stdout: "fine\n" });
    await until(async () => !(await service.containers()).includes(frozen));
  });
});

describe("a sandbox that dies while code runs", () => {
  test("is the service's fault, not the code's", async () => {
    await using service = await startService({ CLOCHE_POOL_TARGET: "1" });
    await until(async () => (await service.containers()).length === 1);
    const [leased = ""] = await service.containers();
    const running = service.post({ code: "import time; time.sleep(20)" });
    await until(async () => (await service.containers()).length === 2);
    await docker().getContainer(leased).kill();
    const response = await running;
    expect(response.status).toBe(502);
    expect(await response.json()).toMatchObject({ code: "sandbox_failed", infra: true });
  });
});

describe("reading back", () => {
  test("an execution is found by its id, with what it ran under", async () => {
    await using service = await startService();
    const execution = await service.execute({ code: "print('kept')" });
    expect(await (await service.request(`/v1/executions/${execution.id}`)).json()).toEqual(execution);
    const images = await (await service.request("/v1/images")).json();
    const policies = await (await service.request("/v1/policies")).json();
    expect(images).toMatchObject({
      items: expect.arrayContaining([expect.objectContaining(execution.action.image)]),
    });
    expect(policies).toMatchObject({
      items: expect.arrayContaining([expect.objectContaining(execution.action.policy)]),
    });
  });
});
