/** What a sandbox image must not hold. Pure: it judges a listing of the image, wherever that came from. */

export interface ImageEntry {
  /** Relative to the root, without a leading or a trailing slash. */
  path: string;
  type: "file" | "directory" | "link" | "device";
  mode: number;
  uid: number;
  gid: number;
  hasCapabilities: boolean;
}

type Rule =
  | "setuid"
  | "capabilities"
  | "compiler"
  | "package_manager"
  | "network_tool"
  | "shell_history"
  | "writable"
  | "too_large";

export interface Violation {
  rule: Rule;
  path: string;
}

const programs = (names: string) => new RegExp(`^(.+-linux-gnu-)?(${names})(-?\\d{1,2}(\\.\\d+)*)?$`);

const compilers = programs(
  "cc|c\\+\\+|cpp|gcc|g\\+\\+|clang|clang\\+\\+|tcc|as|ld|gold|lld|collect2|cc1|cc1plus|go|rustc|cargo|make|cmake|ninja|nasm|javac|ghc|zig|cython|cythonize|f2py|gfortran",
);
const packageManagers = programs(
  "apt|apt-get|apt-cache|apt-key|dpkg|dpkg-deb|dpkg-query|aptitude|rpm|yum|dnf|apk|pip|pipx|uv|easy_install|conda|mamba|poetry|npm|gem",
);
const networkTools = programs(
  "ssh|sshd|scp|sftp|curl|wget|nc|ncat|netcat|socat|telnet|ftp|rsync|nmap|tcpdump",
);

/** Folders and modules that installers bring, with what they keep about past installations. */
const packageManagerPaths =
  /^(etc|usr\/lib|usr\/share|var\/lib|var\/cache|var\/log)\/(apt|dpkg)(\/|$)|(^|\/)(ensurepip|conda|\.cache|\.conda)(\/|$)|\/(site|dist|python)-packages\/(pip|setuptools|wheel|conda|uv)(-[^/]*\.dist-info)?(\/|$)/;

const shellHistory = /(^|\/)(\.\w*_?history|\.lesshst|\.viminfo|\.wget-hsts)$/;

const isProgram = (entry: ImageEntry) =>
  entry.type === "link" || (entry.type === "file" && (entry.mode & 0o111) !== 0);

// Links have no mode of their own, and devices are the engine's: it makes new ones for every container.
const mayHoldData = (entry: ImageEntry) => entry.type === "file" || entry.type === "directory";

/** The sandbox user is neither root nor in its group, so root's own rights are of no use to it. */
const isWritable = ({ mode, uid, gid }: ImageEntry) =>
  uid !== 0 || (gid !== 0 && (mode & 0o020) !== 0) || (mode & 0o002) !== 0;

function rulesBrokenBy(entry: ImageEntry): Rule[] {
  const name = entry.path.split("/").at(-1) ?? "";
  const checks: [Rule, boolean][] = [
    ["setuid", mayHoldData(entry) && (entry.mode & 0o6000) !== 0],
    ["capabilities", entry.hasCapabilities],
    ["compiler", isProgram(entry) && compilers.test(name)],
    [
      "package_manager",
      (isProgram(entry) && packageManagers.test(name)) || packageManagerPaths.test(entry.path),
    ],
    ["network_tool", isProgram(entry) && networkTools.test(name)],
    ["shell_history", shellHistory.test(entry.path)],
    ["writable", mayHoldData(entry) && isWritable(entry)],
  ];
  return checks.filter(([, broken]) => broken).map(([rule]) => rule);
}

/** Everything in the listing that breaks a rule; empty for an image that may be used. */
export function lintImage(
  entries: readonly ImageEntry[],
  size: { sizeMiB: number; maxSizeMiB: number },
): Violation[] {
  const violations = entries.flatMap((entry) =>
    rulesBrokenBy(entry).map((rule) => ({ rule, path: entry.path })),
  );
  if (size.sizeMiB > size.maxSizeMiB) violations.push({ rule: "too_large", path: "" });
  return violations;
}
