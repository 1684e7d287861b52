/** npm run seccomp:trace [-- --image NAME] [--check] */
import { parseArgs } from "node:util";
import { connectDocker } from "../../src/docker/container/connect-docker.ts";
import { machines } from "../../src/domain/syscall-numbers.ts";
import { bootstrap } from "../bootstrap.ts";
import { failTask } from "../fail-task.ts";
import { loadRecipe } from "../seccomp/recipe.ts";
import { ensureStrace } from "../seccomp/strace.ts";
import { compareTiers, writeTiers } from "../seccomp/tier-files.ts";
import { compareTraces, type ImageTrace, loadTraces, writeTrace } from "../seccomp/trace-file.ts";
import { findImages, traceImage } from "../seccomp/trace-images.ts";

const usage = `Usage: npm run seccomp:trace -- [flags]

  --image NAME     only this image, again for more (default: all sandbox images)
  --check          write nothing; fail where the traces or the tiers are not what they were
  --tiers-only     make the tiers of the traces that are there, without tracing
  --no-install     refuse to install strace or anything else; say what is missing instead
  --help           this text`;

await main().catch(failTask);

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      image: { type: "string", multiple: true, default: [] },
      check: { type: "boolean", default: false },
      "tiers-only": { type: "boolean", default: false },
      "no-install": { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return console.log(usage);
  const fresh = values["tiers-only"] ? [] : await trace(values.image, !values["no-install"]);
  sayWhatHasNoTrace();
  if (values.check) return check(fresh);
  for (const each of fresh) writeTrace(each);
  for (const { name, rules } of writeTiers()) {
    const calls = new Set(rules.filter(({ errno }) => errno === undefined).flatMap(({ names }) => names));
    console.log(`policies/seccomp/${name}.yaml: ${calls.size} calls`);
  }
}

async function trace(names: readonly string[], allowInstall: boolean): Promise<ImageTrace[]> {
  const wanted = names.length > 0 ? names : ["python", "python-data", "python-test"];
  const { dockerHost } = await bootstrap({ allowInstall, base: "auto", images: wanted });
  await ensureStrace((line) => console.log(`strace: ${line}`), allowInstall);
  const docker = connectDocker(dockerHost);
  const traces: ImageTrace[] = [];
  for (const image of await findImages(docker, wanted)) {
    const traced = await traceImage(docker, image, ({ part, programs, calls, ms }) => {
      const seconds = (ms / 1000).toFixed(1);
      console.log(
        `trace: ${image.name}, ${part}: ${programs} programs make ${calls.size} calls (${seconds} s)`,
      );
    });
    traces.push(traced);
  }
  return traces;
}

function check(fresh: readonly ImageTrace[]): void {
  const { timing } = loadRecipe();
  const kept = loadTraces();
  const differences = fresh.flatMap((now) => {
    const before = kept.find(({ image, machine }) => image === now.image && machine === now.machine);
    if (!before) return [`${now.image} on ${now.machine} was never traced: npm run seccomp:trace`];
    const differs = compareTraces(before, now, timing);
    return differs.length === 0 ? [] : [...differs, ...versions(before, now)];
  });
  differences.push(...compareTiers());
  if (differences.length > 0) throw new Error(`the system calls have drifted:\n${differences.join("\n")}`);
  console.log("the traces and the tiers are what they were");
}

function versions(before: ImageTrace, now: ImageTrace): string[] {
  return [before, now].map(
    ({ python, glibc, kernel }, index) =>
      `  ${index === 0 ? "recorded" : "now"} with Python ${python}, glibc ${glibc}, Linux ${kernel}`,
  );
}

/** A tier that was made of one machine's traces must not look as if it were made of all. */
function sayWhatHasNoTrace(): void {
  const traced = loadTraces().map(({ machine }) => machine);
  for (const machine of machines) {
    if (traced.includes(machine)) continue;
    console.log(
      `\n*** NO TRACE of any image on ${machine}: its calls follow from the other machines' and the recipe ***\n`,
    );
  }
}
