import { describe, expect, test } from "vitest";
import { type ImageEntry, lintImage } from "../../../../scripts/images/lint-image.ts";

const size = { sizeMiB: 60, maxSizeMiB: 70 };

const entry = (path: string, change: Partial<ImageEntry> = {}): ImageEntry => ({
  path,
  type: "file",
  mode: 0o644,
  uid: 0,
  gid: 0,
  hasCapabilities: false,
  ...change,
});

const program = (path: string) => entry(path, { mode: 0o755 });
const directory = (path: string, mode = 0o755) => entry(path, { type: "directory", mode });
const link = (path: string) => entry(path, { type: "link", mode: 0o777 });

const refused: [string, ImageEntry, string][] = [
  ["a setuid program", entry("usr/bin/su", { mode: 0o4755 }), "setuid"],
  ["a setgid program", entry("usr/bin/expiry", { mode: 0o2755 }), "setuid"],
  ["a setgid folder", directory("var/mail", 0o2755), "setuid"],
  ["a file with capabilities", entry("usr/bin/ping", { mode: 0o755, hasCapabilities: true }), "capabilities"],
  ["a compiler", program("usr/bin/gcc"), "compiler"],
  ["a compiler under a versioned name", program("usr/bin/x86_64-linux-gnu-gcc-14"), "compiler"],
  ["a link to a compiler", link("usr/bin/cc"), "compiler"],
  ["an assembler", program("usr/bin/as"), "compiler"],
  ["a linker", program("usr/local/bin/ld"), "compiler"],
  ["make", program("usr/bin/make"), "compiler"],
  ["apt", program("usr/bin/apt-get"), "package_manager"],
  ["dpkg's database", entry("var/lib/dpkg/status"), "package_manager"],
  ["apt's lists", directory("var/lib/apt/lists"), "package_manager"],
  ["pip as a program", program("usr/local/bin/pip3.13"), "package_manager"],
  ["pip as a module", entry("opt/python-packages/pip/__main__.py"), "package_manager"],
  [
    "pip's metadata",
    entry("usr/local/lib/python3.13/site-packages/pip-26.0.dist-info/RECORD"),
    "package_manager",
  ],
  ["ensurepip", directory("usr/lib/python3.13/ensurepip"), "package_manager"],
  ["a download cache", entry("root/.cache/pip/http/a"), "package_manager"],
  ["curl", program("usr/bin/curl"), "network_tool"],
  ["an ssh client", program("usr/bin/ssh"), "network_tool"],
  ["netcat as a link", link("usr/bin/nc"), "network_tool"],
  ["a shell's history", entry("root/.bash_history"), "shell_history"],
  ["Python's history", entry("root/.python_history"), "shell_history"],
  ["a file that anyone may write", entry("etc/motd", { mode: 0o666 }), "writable"],
  ["a folder that anyone may write, sticky or not", directory("tmp", 0o1777), "writable"],
  ["a file of another user", entry("srv/a", { uid: 65534 }), "writable"],
  ["a file that another group may write", entry("srv/a", { gid: 50, mode: 0o664 }), "writable"],
];

const accepted: [string, ImageEntry][] = [
  ["a plain program", program("usr/bin/ls")],
  ["a plain folder", directory("workspace")],
  ["a link, whose mode means nothing", link("usr/bin/sh")],
  ["a device that the engine adds", entry("dev/console", { type: "device", mode: 0o666 })],
  ["a module named like a tool", entry("usr/lib/python3.13/email/as")],
  ["a certificate whose name starts like a tool's", link("etc/ssl/certs/cc450945.0")],
  ["the dynamic linker", link("usr/bin/ld.so")],
  ["the history of a module", entry("usr/lib/python3.13/_pyrepl/historical_reader.py")],
  ["a file that root's group may write", entry("etc/a", { mode: 0o664 })],
];

describe("image lint", () => {
  test.each(refused)("%s is refused", (_, found, rule) => {
    expect(lintImage([program("usr/bin/ls"), found], size)).toContainEqual({ rule, path: found.path });
  });

  test.each(accepted)("%s is accepted", (_, found) => {
    expect(lintImage([found], size)).toEqual([]);
  });

  test("an image above its ceiling is refused", () => {
    expect(lintImage([], { sizeMiB: 71, maxSizeMiB: 70 })).toEqual([{ rule: "too_large", path: "" }]);
  });
});
