/** The run after an attempt: does the next one find things as the first one ever did? */
import type { ProofSandbox } from "./proof-sandbox.ts";

const WALL_MS = 5_000;

/** Says what it finds in a way that is the same in every sandbox of one kind. */
const program = `
import hashlib, json, os, sys
def names(folder):
    try:
        return sorted(os.listdir(folder))
    except OSError as error:
        return [error.__class__.__name__]
def others():
    mine = {os.getpid(), os.getppid(), 1}
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) not in mine:
            try:
                with open(f"/proc/{name}/stat") as stat:
                    found.append(stat.read().split()[3])
            except OSError:
                pass
    return sorted(parent for parent in found if parent not in ("0", "1"))
with open("/workspace/probe", "w") as file:
    file.write("x" * 1000)
with open("/workspace/probe") as file:
    length = len(file.read())
os.remove("/workspace/probe")
print(json.dumps({
    "sum": sum(range(100_000)),
    "hash": hashlib.sha256(b"clean").hexdigest()[:12],
    "written": length,
    "workspace": names("/workspace"),
    "tmp": names("/tmp"),
    "shm": names("/dev/shm"),
    "environment": sorted(os.environ),
    "path": sys.path,
    "processes": others(),
    "files": sorted(os.listdir("/proc/self/fd")),
}))
`;

/** What it found, as one text to compare; throws where the run did not even end well. */
export const findings = async (sandbox: ProofSandbox, signal: AbortSignal): Promise<string> => {
  const ran = await sandbox.run({ code: program, args: [], wallMs: WALL_MS }, signal);
  if (ran.outcome !== "ok" || ran.leaked) throw new Error(ran.detail);
  return ran.stdout.trim();
};

/** `expected` is what the first run of the proof found, before any attempt. */
export const compareFindings = (found: string, expected: string): { ok: boolean; evidence: string } => {
  if (found === expected) return { ok: true, evidence: "the next run found everything as the first one did" };
  return { ok: false, evidence: `the next run found ${found}; the first one found ${expected}` };
};
