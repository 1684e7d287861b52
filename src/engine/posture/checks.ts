/** Judges what the self-test's sandboxes saw. Pure: what was not seen is `unknown`, never taken for good. */
import type { Control } from "../../domain/controls.ts";
import type { Policy } from "../../domain/policy.ts";
import type { PostureCheck } from "../../domain/posture.ts";
import { isNoNetwork } from "../../domain/sandbox.ts";
import { whyNotApplicable, whyNotInForce } from "./not-applicable.ts";
import { type AllProbed, type Bounds, type Probed, parseBounds } from "./self-test-parts.ts";

const MiB = 1024 * 1024;
/** Above what is pinned: clocks of the kernel have grains. */
const CPU_SLACK = 1.15;
/** What a kernel says that has no way there. A timeout is no such word: a packet may have left. */
const NO_ROUTE = ["ENETUNREACH", "EHOSTUNREACH"];

type Judged = Pick<PostureCheck, "result" | "evidence">;

const verdict = (holds: boolean, evidence: string): Judged => ({
  result: holds ? "holds" : "fails",
  evidence,
});
const unknown = (evidence: string): Judged => ({ result: "unknown", evidence });
const notApplicable = (evidence: string): Judged => ({ result: "not_applicable", evidence });

/** `policy` is the one that the sandboxes were made with. */
export const judgeChecks = (probed: AllProbed, policy: Policy): PostureCheck[] => [
  ...inForce(probed.bounds, policy),
  ...boundsChecks(probed.bounds, policy),
  { name: "memory_limit", control: "memory", ...memory(probed.memory, policy) },
  { name: "output_bound", control: null, ...output(probed.output, policy) },
  { name: "wall_time", control: null, ...wall(probed.wall) },
];

/** Landlock is asked after although no policy has to require it. */
const inForce = (probed: Probed, policy: Policy): PostureCheck[] => {
  const asked: Control[] = [...new Set<Control>([...policy.require, "landlock", "landlock_scope"])];
  return asked.map((control) => {
    const name = `${control}_in_force`;
    if ("error" in probed) return { name, control, ...unknown(probed.error) };
    if (!probed.facts) return { name, control, ...unknown("the sandbox did not say") };
    const isInForce = probed.facts.controls[control];
    const reason = isInForce ? undefined : whyNotInForce(control, policy);
    if (reason !== undefined) return { name, control, ...notApplicable(reason) };
    return { name, control, ...verdict(isInForce, isInForce ? "seen from inside" : "not seen from inside") };
  });
};

type Seen<Part extends keyof Bounds> = Exclude<Bounds[Part], { error: string }>;

interface Judgement<Part extends keyof Bounds> {
  name: string;
  control: Control | null;
  part: Part;
  judge(seen: Seen<Part>): Judged;
}

const define = <Part extends keyof Bounds>(judgement: Judgement<Part>): Judgement<Part> => judgement;

const boundsChecks = (probed: Probed, policy: Policy): PostureCheck[] => {
  const bounds = parseBounds(probed);
  const missing = "error" in probed ? probed.error : `the payload ended without a word: ${endOf(probed)}`;
  return judgementsOf(policy).map(({ name, control, part, judge: judgePart }) => {
    const seen = bounds?.[part];
    if (bounds === undefined || seen === undefined) return { name, control, ...unknown(missing) };
    const reason = whyNotApplicable(name, bounds, policy);
    if (reason !== undefined) return { name, control, ...notApplicable(reason) };
    if ("error" in seen && typeof seen.error === "string") return { name, control, ...unknown(seen.error) };
    // The table pairs each part with its own judge.
    return { name, control, ...(judgePart as (seen: unknown) => Judged)(seen) };
  });
};

const judgementsOf = ({ limits }: Policy): Judgement<keyof Bounds>[] => {
  const counted = (
    made: number,
    refused: string | null,
    bound: number,
    error: string,
    what: string,
  ): Judged =>
    verdict(
      made > 0 && made <= bound && refused === error,
      `${made} ${what}, then ${refused ?? "no end"} (limit ${bound})`,
    );
  const tmpfs = [
    ["/workspace", limits.workspaceMiB],
    ["/tmp", limits.tmpMiB],
    ["/dev/shm", limits.sharedMemoryMiB],
  ] as const;
  return [
    define({
      name: "process_limit",
      control: "processes",
      part: "processes",
      judge: ({ made, refused }) => counted(made, refused, limits.processes, "EAGAIN", "processes made"),
    }),
    define({
      name: "cpu_pinned",
      control: "cpus",
      part: "cores",
      judge: ({ affinity, count }) =>
        verdict(
          affinity === limits.cpus && count === limits.cpus,
          `pinned to ${affinity} cores, os.cpu_count() says ${count} (limit ${limits.cpus})`,
        ),
    }),
    define({
      name: "cpu_time",
      control: "cpus",
      part: "spin",
      judge: ({ workers, cpuSeconds, wallSeconds }) => {
        const used = cpuSeconds / wallSeconds;
        return verdict(
          used > 0.01 && used <= limits.cpus * CPU_SLACK,
          `${workers} spinning processes got ${used.toFixed(2)} cores' time (limit ${limits.cpus})`,
        );
      },
    }),
    define({
      name: "file_size",
      control: "file_limits",
      part: "fileSize",
      judge: ({ below, above }) =>
        verdict(
          below === null && above === "EFBIG",
          `a byte below ${limits.fileSizeMiB} MiB: ${below ?? "written"}; one above: ${above ?? "written"}`,
        ),
    }),
    define({
      name: "open_files",
      control: "file_limits",
      part: "openFiles",
      judge: ({ made, refused }) => counted(made, refused, limits.openFiles, "EMFILE", "descriptors opened"),
    }),
    define({
      name: "tmpfs_size",
      control: null,
      part: "fill",
      judge: (filled) =>
        verdict(
          tmpfs.every(([folder, sizeMiB]) => {
            const seen = filled[folder];
            return (
              seen !== undefined && seen.bytes > 0 && seen.bytes <= sizeMiB * MiB && seen.refused === "ENOSPC"
            );
          }),
          Object.entries(filled)
            .map(([folder, { bytes, refused }]) => `${folder}: ${bytes} bytes, then ${refused ?? "no end"}`)
            .join("; "),
        ),
    }),
    define({
      name: "tmpfs_inodes",
      control: null,
      part: "inodes",
      judge: (filled) =>
        verdict(
          tmpfs.every(([folder]) => {
            const seen = filled[folder];
            return (
              seen !== undefined && seen.made > 0 && seen.made <= limits.inodes && seen.refused === "ENOSPC"
            );
          }),
          Object.entries(filled)
            .map(([folder, { made, refused }]) => `${folder}: ${made} files, then ${refused ?? "no end"}`)
            .join("; "),
        ),
    }),
    define({
      name: "network",
      control: "no_network",
      part: "network",
      judge: network,
    }),
    define({
      name: "read_only_root",
      control: "read_only_root",
      part: "rights",
      judge: ({ rootFile, ownFile }) =>
        verdict(
          rootFile !== null && ownFile === null,
          `a file in /: ${rootFile ?? "written"}; in /workspace: ${ownFile ?? "written"}`,
        ),
    }),
    define({
      name: "no_way_to_root",
      control: "no_capabilities",
      part: "rights",
      judge: ({ setuid, unshare }) =>
        verdict(
          setuid !== null && unshare !== null,
          `setuid(0): ${setuid ?? "done"}; a user namespace: ${unshare ?? "made"}`,
        ),
    }),
    define({
      name: "system_calls",
      control: "syscall_tier",
      part: "rights",
      judge: ({ afAlg, unix }) =>
        verdict(
          afAlg !== null && unix === null,
          `a socket of AF_ALG: ${afAlg ?? "made"}; of AF_UNIX: ${unix ?? "made"}`,
        ),
    }),
    define({
      name: "launcher_hidden",
      control: "not_dumpable",
      part: "rights",
      judge: ({ launcher, ownEnviron }) =>
        verdict(
          launcher !== null && ownEnviron === null,
          `/proc/1/environ: ${launcher ?? "read"}; /proc/self/status: ${ownEnviron ?? "read"}`,
        ),
    }),
  ] as Judgement<keyof Bounds>[];
};

/** A tier without sockets has nothing that could take a way out, loopback included. */
const network = ({ interfaces, socket, outside, metadata, loopback }: Seen<"network">): Judged => {
  const isRefused =
    [outside, metadata].every((refused) => NO_ROUTE.includes(refused ?? "")) && loopback === null;
  const tried =
    socket === null
      ? `192.0.2.1: ${outside ?? "connected"}; 169.254.169.254: ${metadata ?? "connected"}; loopback: ${loopback ?? "works"}`
      : `no socket can be made: ${socket}`;
  return verdict(
    isNoNetwork(interfaces) && (socket !== null || isRefused),
    `interfaces: ${interfaces.join(", ") || "none"}; ${tried}`,
  );
};

const memory = (probed: Probed, { limits }: Policy): Judged => {
  if ("error" in probed) return unknown(probed.error);
  const { stdout, end } = probed.report;
  const said = stdout.toString();
  const killed =
    (end.kind === "launcher" && (end.evidence.oomKills ?? 0) > 0) ||
    (end.kind === "lost" && end.cause === "memory");
  return verdict(
    killed && said.includes("half") && !said.includes("past"),
    `half of ${limits.memoryMiB} MiB ${said.includes("half") ? "taken" : "not had"}; past it: ${
      said.includes("past") ? "taken" : endOf(probed)
    }`,
  );
};

const output = (probed: Probed, { limits }: Policy): Judged => {
  if ("error" in probed) return unknown(probed.error);
  const { stdout, end } = probed.report;
  const killed = end.kind === "launcher" && end.evidence.killedBy === "output";
  return verdict(
    killed && stdout.length > 0 && stdout.length <= limits.outputBytes,
    `${stdout.length} bytes arrived (limit ${limits.outputBytes}); ${endOf(probed)}`,
  );
};

const wall = (probed: Probed): Judged => {
  if ("error" in probed) return unknown(probed.error);
  const { stdout, end } = probed.report;
  const killed =
    (end.kind === "launcher" && end.evidence.killedBy === "wall") ||
    (end.kind === "lost" && end.cause === "wall");
  return verdict(killed && stdout.toString().includes("began"), endOf(probed));
};

const endOf = (probed: Probed): string => {
  if ("error" in probed) return probed.error;
  const { end } = probed.report;
  if (end.kind !== "launcher") return `${end.kind}: ${end.cause}`;
  const { exitCode, signal, killedBy, oomKills, wallMs } = end.evidence;
  if (killedBy !== null) return `killed for ${killedBy} after ${Math.round(wallMs)} ms`;
  if ((oomKills ?? 0) > 0) return `killed by the kernel for memory (${oomKills} processes)`;
  return signal === null ? `ended with exit code ${exitCode}` : `ended by signal ${signal}`;
};
