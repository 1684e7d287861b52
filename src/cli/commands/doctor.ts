import { toProblemError } from "../api/problem.ts";
import type { Posture } from "../api/types.ts";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { exitCodes, Unreachable } from "../errors.ts";
import { printDocument } from "../terminal/document.ts";
import { escapeText } from "../terminal/escape.ts";
import type { Style } from "../terminal/output.ts";
import { printFields, printTable } from "../terminal/table.ts";

export const doctor = defineCommand({
  name: "doctor",
  summary: "Whether this host keeps code in: what holds, what doesn't, and the remedy",
  notes: `Shows what the service found at its start; --check, --policy and --runtime test anew, with an admin's key.
The exit code is 0 where all that is asked for holds and 1 where it doesn't.`,
  operands: {},
  options: {
    check: { kind: "flag", help: "Test anew, in real sandboxes" },
    policy: { kind: "text", value: "NAME", help: "Test this policy (default: default)" },
    runtime: { kind: "text", value: "NAME", help: "Test under this runtime instead of the policy's" },
  },
  async run(context, { values: { check, policy, runtime } }) {
    const anew = check || policy !== undefined || runtime !== undefined;
    const posture = await orSayHowToStart(context, () =>
      anew ? test(context, policy, runtime) : read(context),
    );
    await printDocument(context, posture, () => show(context, posture));
    const holds = posture.selfTest?.checks.every(
      ({ result, name }) => result === "holds" || result === "not_applicable" || isOptional(name),
    );
    return posture.acceptable && holds !== false ? exitCodes.ok : 1;
  },
});

/** Kernels without Landlock are good enough for a policy that doesn't require it. */
const isOptional = (name: string) => name.startsWith("landlock");

const read = async (context: Context): Promise<Posture> => {
  const response = await context.api().peek("/v1/posture");
  if (!response.ok) throw await toProblemError(response);
  return (await response.json()) as Posture;
};

const test = (context: Context, policy: string | undefined, runtime: string | undefined): Promise<Posture> =>
  context.api().post<Posture>("/v1/posture/checks", {
    ...(policy === undefined ? {} : { policy }),
    ...(runtime === undefined ? {} : { runtime }),
  });

const orSayHowToStart = async <T>({ api, err }: Context, ask: () => Promise<T>): Promise<T> => {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof Unreachable) await err.note(`No service at ${api().url}. Start it with: npm start`);
    throw error;
  }
};

const show = async ({ out }: Context, posture: Posture): Promise<void> => {
  const { acceptable, minimum, findings, selfTest } = posture;
  const verdict = acceptable ? out.paint("green", "acceptable") : out.paint("red", "not acceptable");
  await out.line(`${verdict} (minimum: ${minimum})`);
  await out.line();
  await printFields(out, toFields(posture));
  if (selfTest) {
    await out.line();
    await out.line(
      `Self-test of policy ${escapeText(selfTest.policy)} under ${escapeText(selfTest.runtime)}`,
    );
    await printTable(
      out,
      [
        { head: "CHECK", cell: ({ name }) => name },
        {
          head: "RESULT",
          cell: ({ result }) => result.replace("_", " "),
          style: ({ result }) => colourOf[result],
        },
        { head: "EVIDENCE", cell: ({ evidence }) => evidence },
      ],
      selfTest.checks,
    );
  }
  for (const { id, severity, message, remedy, references } of findings) {
    await out.line();
    await out.line(`${out.paint(severity === "error" ? "red" : "yellow", severity)}  ${escapeText(id)}`);
    await out.line(`  ${escapeText(message)}`);
    if (references.length > 0) await out.line(`  ${escapeText(references.join(", "))}`);
    await out.line(`  Remedy: ${escapeText(remedy)}`);
  }
};

const colourOf: Record<string, Style | undefined> = { fails: "red", unknown: "yellow" };

const toFields = ({ engine, runtimes, kernel, cgroup, ...rest }: Posture): Record<string, unknown> => ({
  engine: `${engine.version} (API ${engine.api})${engine.rootless ? ", rootless" : ""}${engine.liveRestore ? ", live-restore" : ""}`,
  runtimes: Object.entries(runtimes)
    .map(([name, { version, works }]) => `${name} ${version ?? "(version not told)"}: ${wordOf(works)}`)
    .join("; "),
  kernel: `${kernel.version} ${kernel.machine}, Landlock ${kernel.landlock ?? "not known"}`,
  cgroup: `${cgroup.version}, ${cgroup.driver}`,
  "user namespaces": rest.userNamespaces,
  AppArmor: rest.appArmor ? "yes" : "no",
  SELinux: rest.seLinux ? "yes" : "no",
  swap: rest.swapBytes === null ? "not known" : `${Math.round(rest.swapBytes / 2 ** 20)} MiB`,
  "checked at": rest.checkedAt,
});

const wordOf = (works: boolean | null) =>
  works === null ? "no policy names it" : works ? "works" : "does not work";
