import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadImageDefinitions, withParents } from "../../../../scripts/images/image-definition.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cloche-images-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function addImage(name: string, change: Record<string, unknown> = {}): void {
  mkdirSync(join(folder, name));
  const image = { name, description: "an image", parent: null, preload: [], maxSizeMiB: 10, ...change };
  writeFileSync(join(folder, name, "image.json"), JSON.stringify(image));
}

const load = () => loadImageDefinitions(folder);
const namesOf = (images: { name: string }[]) => images.map(({ name }) => name);

describe("image definitions", () => {
  test("a folder with an image.json is an image, and other folders are not", () => {
    addImage("b");
    addImage("a");
    mkdirSync(join(folder, "launcher"));
    expect(namesOf(load())).toEqual(["a", "b"]);
  });

  test.each([
    ["an unknown field", { surprise: true }],
    ["a name that is not the folder's", { name: "b" }],
    ["a preload entry that is no module name", { preload: ["os; print(1)"] }],
    ["a missing ceiling", { maxSizeMiB: undefined }],
  ])("%s is refused", (_, change) => {
    addImage("a", change);
    expect(load).toThrow(/image\.json/);
  });

  test("parents come before the images that build on them, once each", () => {
    addImage("a", { parent: "c" });
    addImage("b", { parent: "c" });
    addImage("c");
    expect(namesOf(withParents(load(), ["b", "a"]))).toEqual(["c", "b", "a"]);
  });

  test("an unknown name is refused with the names there are", () => {
    addImage("a");
    expect(() => withParents(load(), ["z"])).toThrow('there is no image "z"; there are: a');
  });

  test("a circle of parents is refused", () => {
    addImage("a", { parent: "b" });
    addImage("b", { parent: "a" });
    expect(() => withParents(load(), ["a"])).toThrow(/its own parent/);
  });
});
