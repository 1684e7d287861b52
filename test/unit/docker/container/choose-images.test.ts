import type { ImageInfo } from "dockerode";
import { expect, test } from "vitest";
import { chooseImages } from "../../../../src/docker/container/choose-images.ts";

const info = (id: string, name: string, created: number, tags: string[], label?: string): ImageInfo => ({
  Id: id,
  ParentId: "",
  RepoTags: tags,
  Created: created,
  Size: 1,
  VirtualSize: 1,
  SharedSize: 0,
  Containers: 0,
  Labels: {
    "io.cloche.manifest":
      label ?? JSON.stringify({ name, description: "", python: "3.13.5", packages: {}, preload: [] }),
  },
});

const digests = (...found: ImageInfo[]) => chooseImages(found).map(({ name, digest }) => `${name} ${digest}`);

test("what is tagged latest is taken, however old it is", () => {
  const old = info("old", "python", 1, ["cloche/python:abc", "cloche/python:latest"]);
  expect(digests(info("new", "python", 2, ["cloche/python:def"]), old)).toEqual(["python old"]);
});

test("without that tag the newest is taken, for each name its own", () => {
  const found = [1, 3, 2].map((n) => info(`p${n}`, "python", n, [`cloche/python:${n}`]));
  expect(digests(...found, info("d", "python-data", 1, ["cloche/python-data:x"]))).toEqual([
    "python p3",
    "python-data d",
  ]);
});

test("what has no tag or no manifest is nobody's", () => {
  const bad = info("bad", "python", 1, ["cloche/python:latest"], "{");
  const other = info("other", "python", 1, ["cloche/python:latest"], '{"name":1}');
  expect(digests(info("untagged", "python", 9, []), bad, other)).toEqual([]);
});
