/** Versions as programs tell them of themselves: numbers, a stage before the release, and a distribution's own tail. */

interface Version {
  numbers: [number, number, number];
  /** 0 to 2: alpha, beta, candidate; 3: released. */
  stage: number;
  stageNumber: number;
}

const stages = ["alpha", "beta", "rc"];

/** Returns undefined for what has no two numbers at its beginning. */
export const parseVersion = (text: string): Version | undefined => {
  const match = /^v?(\d+)\.(\d+)(?:\.(\d+))?(?:[-~.]?(alpha|beta|rc)[.-]?(\d+))?/i.exec(text.trim());
  if (!match) return undefined;
  const [, major, minor, patch = "0", stage, stageNumber = "0"] = match;
  return {
    numbers: [Number(major), Number(minor), Number(patch)],
    stage: stage === undefined ? stages.length : stages.indexOf(stage.toLowerCase()),
    stageNumber: Number(stageNumber),
  };
};

/** Below 0 where `a` is older than `b`. */
export const compareVersions = (a: Version, b: Version): number => {
  const left = [...a.numbers, a.stage, a.stageNumber];
  const right = [...b.numbers, b.stage, b.stageNumber];
  const at = left.findIndex((number, index) => number !== right[index]);
  return at < 0 ? 0 : (left[at] ?? 0) - (right[at] ?? 0);
};

/**
 * A distribution's build keeps an old number and takes fixes into it, so its number is a hint and no more.
 * `1.1.5+ds1-1+deb12u1`, `20.10.24+dfsg1`, `28.2.2-0ubuntu1`, `5.14.0-503.el9`, `6.1.0-40-amd64`.
 */
export const isDistributionBuild = (text: string): boolean =>
  /[+~]|[.-](?:el|fc|amzn)\d|ubuntu|-\d+(?:[.-].*)?$/.test(
    text.replace(/[-~.]?(?:alpha|beta|rc)[.-]?\d+/i, ""),
  );
