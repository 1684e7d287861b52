/** Names of variables with * and ?, as policies allow them. */

/**
 * Both are walked once; after a wrong turn only the last * takes one more character. So the time is bounded by the
 * product of their lengths, whatever the policy and whatever the name.
 */
export const matchesName = (pattern: string, name: string): boolean => {
  let [p, n] = [0, 0];
  let star: { p: number; n: number } | undefined;
  while (n < name.length) {
    if (pattern[p] === "*") {
      star = { p, n };
      p += 1;
    } else if (p < pattern.length && (pattern[p] === "?" || pattern[p] === name[n])) {
      p += 1;
      n += 1;
    } else if (star) {
      star.n += 1;
      [p, n] = [star.p + 1, star.n];
    } else return false;
  }
  return /^\**$/.test(pattern.slice(p));
};

/** Whether every name that `inner` allows is one that `outer` allows; said of a few pairs that it can't tell: no. */
export const coversNames = (outer: string, inner: string): boolean =>
  outer === inner || outer === "*" || (!inner.includes("*") && matchesName(outer, inner));
