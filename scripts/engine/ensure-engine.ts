import { resolve } from "node:path";
import { type EnginePlan, planEngine } from "./engine-plan.ts";
import { defaultEngineSettings, type EngineSettings, type Log } from "./engine-settings.ts";
import { installEngine } from "./install-engine.ts";
import { findAnsweringEngine, findDockerd, observeEngine } from "./observe-engine.ts";
import { runStep } from "./run-step.ts";
import { startDockerd, waitForAnswer } from "./start-dockerd.ts";
import { takeStartLock } from "./start-lock.ts";

export type EnsureEngine = {
  allowInstall: boolean;
  stateDir: string;
  log: Log;
  settings?: EngineSettings;
};

export type Engine = { dockerHost: string; started: boolean };

/** Finds the Docker Engine, or installs and starts one. Throws with what the user can do where it may not or cannot. */
export async function ensureEngine(request: EnsureEngine): Promise<Engine> {
  const context = {
    ...request,
    // dockerd and docker:stop compare this path letter by letter, whatever folder either was called from.
    stateDir: resolve(request.stateDir),
    settings: request.settings ?? defaultEngineSettings,
  };
  const answering = await findAnsweringEngine(context.settings);
  if (answering !== undefined) return { dockerHost: answering, started: false };

  const plan = planEngine(await observeEngine(context));
  if (plan.action === "use") return { dockerHost: plan.dockerHost, started: false };
  if (plan.action === "refuse") throw new Error(plan.reason);
  await using _lock = await takeStartLock(context.settings.lockPath, context.log);
  // Awaited here: a bare return would give the lock back before the work is done.
  return await bringUp(context);
}

type Context = Required<EnsureEngine>;

/** Each step changes the facts, so look again after each; none is taken twice, which bounds the loop. */
async function bringUp(context: Context): Promise<Engine> {
  const taken = new Set<EnginePlan["action"]>();
  for (;;) {
    const plan = planEngine(await observeEngine(context));
    if (plan.action === "use")
      return { dockerHost: plan.dockerHost, started: taken.size > 0 && !taken.has("wait") };
    if (plan.action === "refuse") throw new Error(plan.reason);
    if (taken.has(plan.action))
      throw new Error(`the engine does not answer, even after the step "${plan.action}"`);
    taken.add(plan.action);
    await takeStep(plan, context);
  }
}

async function takeStep(
  plan: Exclude<EnginePlan, { action: "use" | "refuse" }>,
  { stateDir, settings, log }: Context,
): Promise<void> {
  const dockerHost = `unix://${settings.socketPath}`;
  switch (plan.action) {
    case "wait":
      log(`dockerd runs (pid ${plan.pid}) but does not answer yet; waiting`);
      await waitForAnswer(dockerHost);
      return;
    case "install_then_start":
      return installEngine(plan.packages, log);
    case "start_systemd": {
      log("starting the engine: systemctl start docker");
      const started = await runStep(["systemctl", "start", "docker"], log);
      if (!started.ok) throw new Error(`${started.output}\nSee also: journalctl -u docker`);
      await waitForAnswer(dockerHost);
      return;
    }
    case "start_own": {
      const dockerd = findDockerd();
      if (dockerd === undefined) throw new Error("dockerd has vanished");
      await startDockerd({ dockerd, stateDir, settings, log });
    }
  }
}
