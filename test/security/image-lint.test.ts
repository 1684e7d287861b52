import { Readable } from "node:stream";
import Docker from "dockerode";
import { pack } from "tar-stream";
import { afterAll, describe, expect, test } from "vitest";
import { readBuildEvents } from "../../scripts/images/build-events.ts";
import { loadImageDefinitions } from "../../scripts/images/image-definition.ts";
import { lintImage } from "../../scripts/images/lint-image.ts";
import { imagesFolder } from "../../scripts/images/paths.ts";
import { readImageEntries } from "../../scripts/images/read-image-entries.ts";
import { labels } from "../../src/docker/container/labels.ts";
import { imageManifestSchema } from "../../src/domain/image.ts";

const docker = new Docker();
const definitions = loadImageDefinitions(imagesFolder);
const control = { repo: "cloche/lint-control", tag: `test-${process.pid}` };

/** An image that breaks the rules which only show once a real engine has stored and exported them. */
function forbiddenFiles(): Readable {
  const archive = pack();
  archive.entry({ name: "usr/bin/su", mode: 0o4755 }, "x");
  // CAP_NET_RAW, effective, as the kernel stores it (vfs_cap_data, revision 2).
  const capability = "\x01\0\0\x02\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
  archive.entry(
    { name: "usr/bin/ping", mode: 0o755, pax: { "SCHILY.xattr.security.capability": capability } },
    "x",
  );
  archive.entry({ name: "tmp", type: "directory", mode: 0o1777 });
  archive.entry({ name: "srv/data", uid: 65534, gid: 65534, mode: 0o600 }, "x");
  archive.finalize();
  return Readable.from(archive);
}

describe("image lint", () => {
  afterAll(async () => {
    await docker.getImage(`${control.repo}:${control.tag}`).remove({ force: true });
  });

  test("there are images to look at", () => expect(definitions.length).toBeGreaterThanOrEqual(3));

  test("an image with forbidden files is refused after a round trip through the engine", async () => {
    await readBuildEvents(await docker.importImage(forbiddenFiles(), control), () => undefined);
    const entries = await readImageEntries(docker, `${control.repo}:${control.tag}`);
    expect(lintImage(entries, { sizeMiB: 0, maxSizeMiB: 1 })).toEqual(
      expect.arrayContaining([
        { rule: "setuid", path: "usr/bin/su" },
        { rule: "capabilities", path: "usr/bin/ping" },
        { rule: "writable", path: "tmp" },
        { rule: "writable", path: "srv/data" },
      ]),
    );
  });

  test.each(definitions)("$name holds nothing that a sandbox must not find", async ({ name, maxSizeMiB }) => {
    const { Size } = await docker.getImage(`cloche/${name}:latest`).inspect();
    const entries = await readImageEntries(docker, `cloche/${name}:latest`);
    expect(entries.length).toBeGreaterThan(1000);
    expect(lintImage(entries, { sizeMiB: Size / 2 ** 20, maxSizeMiB })).toEqual([]);
  });

  test.each(definitions)("$name says what is in it and runs as nobody", async ({ name, preload }) => {
    const { Config } = await docker.getImage(`cloche/${name}:latest`).inspect();
    expect(Config.Labels?.[labels.image]).toBe(name);
    expect(imageManifestSchema.parse(JSON.parse(Config.Labels?.[labels.manifest] ?? "null"))).toMatchObject({
      name,
      preload,
    });
    expect(Config.User).toBe("65534:65534");
  });
}, 120_000);
