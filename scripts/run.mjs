// The door of every npm script. Plain JavaScript without dependencies, because it runs on whatever Node (20 or
// newer) the machine has, before anything is installed; the tasks themselves run on the Node that npm installs.
import { spawn, spawnSync } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeSync,
} from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, "node_modules");
const tasksFolder = join(root, "scripts", "tasks");
const oldestNode = 20;
const oldestNodeForTypeScript = 24;

try {
  process.exitCode = await main(process.argv[2], process.argv.slice(3));
} catch (error) {
  console.error(`cloche: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}

async function main(task, args) {
  if (nodeMajor() < oldestNode) {
    throw new Error(
      `needs Node ${oldestNode} or newer to start, but ${process.execPath} is ${process.version}. ` +
        "Install a newer one (https://nodejs.org, or nodesource.com for Debian and Ubuntu) and run this again.",
    );
  }
  const tasks = listTasks();
  if (!tasks.includes(task)) {
    console.error(
      `${task === undefined ? "No task given" : `Unknown task "${task}"`}. Tasks: ${tasks.join(", ")}`,
    );
    return 2;
  }
  await ensureModules();
  return runTask(chooseNode(), join(tasksFolder, `${task}.ts`), args);
}

function nodeMajor() {
  return Number.parseInt(process.versions.node, 10);
}

function listTasks() {
  return readdirSync(tasksFolder)
    .filter((name) => name.endsWith(".ts"))
    .map((name) => name.slice(0, -".ts".length))
    .sort();
}

async function ensureModules() {
  if (modulesMatchLock()) return;
  const release = await lockInstall();
  try {
    // Another run may have installed while this one waited for the lock.
    if (!modulesMatchLock()) await installModules();
  } finally {
    release();
  }
}

/**
 * npm writes node_modules/.package-lock.json as the last step of an install, listing what is really there. Comparing
 * that with the lock also accepts an `npm ci` made by hand, and notices one that was interrupted. Optional packages
 * may be absent (other platforms), but not of another version.
 */
function modulesMatchLock() {
  const wanted = readPackages(join(root, "package-lock.json"));
  const present = readPackages(join(modules, ".package-lock.json"));
  if (wanted === undefined)
    throw new Error("package-lock.json is missing or damaged; restore it with git checkout");
  if (present === undefined) return false;
  return Object.entries(wanted).every(([path, { version, integrity, optional }]) => {
    if (path === "") return true;
    const found = present[path];
    if (found === undefined) return optional === true;
    return found.version === version && found.integrity === integrity;
  });
}

function readPackages(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8")).packages;
  } catch {
    return undefined;
  }
}

/** `npm start` and `npm test` typed in two terminals must not run two npm ci in the same folder. */
async function lockInstall() {
  const folder = join(root, ".cloche");
  const file = join(folder, "npm-ci.lock");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (let announced = false; ; await sleep(300)) {
    try {
      const descriptor = openSync(file, "wx");
      writeSync(descriptor, `${process.pid}\n`);
      closeSync(descriptor);
      return () => rmSync(file, { force: true });
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    const holder = lockHolder(file);
    if (holder === undefined) rmSync(file, { force: true });
    else if (!announced) console.log(`dependencies: process ${holder} is installing them; waiting`);
    announced = true;
  }
}

function lockHolder(file) {
  try {
    const pid = Number.parseInt(readFileSync(file, "utf8"), 10);
    process.kill(pid, 0);
    return pid;
  } catch (error) {
    // EPERM: alive, but another user's.
    return error.code === "EPERM" ? "of another user" : undefined;
  }
}

async function installModules() {
  // A NODE_ENV=production or omit= setting of the user would leave out what the tasks need, on every start again.
  const args = ["ci", "--include=dev", "--include=optional", "--no-audit", "--no-fund"];
  const npmScript = process.env.npm_execpath;
  const npm = npmScript?.endsWith(".js") ? [process.execPath, npmScript] : ["npm"];
  console.log("dependencies: installing what package-lock.json names (npm ci)");
  const elapsed = await step("dependencies", [...npm, ...args]);
  console.log(`dependencies: installed in ${elapsed}`);
}

/** One long command: a line every 5 s, its output only if it fails. Answers how long it took. */
async function step(name, [command, ...args]) {
  const startedAt = Date.now();
  const elapsed = () => `${((Date.now() - startedAt) / 1000).toFixed(0)} s`;
  const heartbeat = setInterval(() => console.log(`${name}: still at it (${elapsed()})`), 5000);
  try {
    const { code, output } = await capture(command, args);
    if (code !== 0) throw new Error(`${[command, ...args].join(" ")} failed (${code}):\n${output}`);
  } finally {
    clearInterval(heartbeat);
  }
  return elapsed();
}

function capture(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (chunk) => {
        output += chunk;
      });
    }
    child.on("error", (error) => reject(new Error(`cannot run ${command}: ${error.message}`)));
    child.on("close", (code, signal) => resolve({ code: code ?? signal, output }));
  });
}

function runTask(node, file, args) {
  const child = spawn(node, [file, ...args], {
    cwd: root,
    stdio: "inherit",
    env: {
      // Types stripped and sources compiled once: some 0.2 s less on every later start.
      NODE_COMPILE_CACHE: join(modules, ".cache", "node-compile"),
      ...process.env,
      // Tools find this very Node and each other first, as they would under npm run.
      PATH: [dirname(node), join(modules, ".bin"), process.env.PATH].join(delimiter),
    },
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => {
      if (!childGotItToo(signal)) child.kill(signal);
    });
  }
  return new Promise((resolve, reject) => {
    child.on("error", (error) => reject(new Error(`cannot run ${child.spawnfile}: ${error.message}`)));
    child.on("exit", (code, signal) => {
      if (signal === null) return resolve(code);
      process.removeAllListeners(signal);
      process.kill(process.pid, signal);
    });
  });
}

/** The Node that runs the tasks: the one npm installed for this platform, or our own where that is new enough. */
function chooseNode() {
  const packaged = join(modules, `node-${process.platform}-${process.arch}`, "bin", "node");
  const complaint = existsSync(packaged) ? whyItFails(packaged) : "none is packaged for this platform";
  if (complaint === undefined) return packaged;
  // npm puts node_modules/.bin first in PATH: there it would hide the Node that works from the next npm run.
  rmSync(join(modules, ".bin", "node"), { force: true });
  if (nodeMajor() >= oldestNodeForTypeScript) return process.execPath;
  throw new Error(
    `needs Node ${oldestNodeForTypeScript} or newer to run; ${process.execPath} is ${process.version}, and ` +
      `the packaged one doesn't start: ${complaint}`,
  );
}

function whyItFails(node) {
  const { status, error, stderr } = spawnSync(node, ["--version"], { encoding: "utf8" });
  return status === 0 ? undefined : (error?.message ?? stderr.trim());
}

/**
 * Ctrl-C and a closed terminal reach the whole foreground process group, the child included: sending it again would
 * count as the impatient second Ctrl-C. A signal sent to this process alone has to be passed on.
 */
function childGotItToo(signal) {
  if (signal === "SIGTERM") return false;
  try {
    const fields = readFileSync("/proc/self/stat", "utf8")
      .replace(/^.*\) /, "")
      .split(" ");
    const [, , processGroup, , terminal, foregroundGroup] = fields;
    return terminal !== "0" && processGroup === foregroundGroup;
  } catch {
    return process.stdin.isTTY === true;
  }
}
