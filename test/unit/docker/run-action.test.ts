import { describe, expect, test } from "vitest";
import { fromLauncher } from "../../../src/docker/frames.ts";
import { Gathered } from "../../../src/docker/run-action.ts";
import { aPolicy, aRequest, someEvidence } from "../../support/builders.ts";

const limits = { ...aPolicy().limits, outputBytes: 10, outputFiles: 1, outputFilesBytes: 5 };
const gathered = () => new Gathered(aRequest({ limits }));
const json = (value: unknown) => Buffer.from(JSON.stringify(value));
const { stdout, stderr, file, fileData, exit, refused, hello } = fromLauncher;

describe("Gathered", () => {
  test("takes output, evidence and files of a sound launcher", () => {
    const all = gathered();
    all.add({ type: fromLauncher.started, payload: Buffer.alloc(0) });
    all.add({ type: stdout, payload: Buffer.from("12345") });
    all.add({ type: stderr, payload: Buffer.from("67890") });
    all.add({ type: exit, payload: json(someEvidence()) });
    all.add({ type: file, payload: json({ path: "a", bytes: 5 }) });
    all.add({ type: fileData, payload: Buffer.from("abc") });
    all.add({ type: fileData, payload: Buffer.from("de") });
    all.add({ type: file, payload: json({ path: "b", skipped: "too_many_files" }) });
    expect(all.complete).toBe(false);
    all.add({ type: file, payload: json({ end: true }) });
    expect(all).toMatchObject({ started: true, complete: true, evidence: someEvidence() });
    expect(all.streams()).toEqual({ stdout: Buffer.from("12345"), stderr: Buffer.from("67890") });
    expect(all.outputs()).toEqual({
      files: [{ path: "a", content: Buffer.from("abcde") }],
      skipped: [{ path: "b", reason: "too_many_files" }],
    });
  });

  test("a file that shrank while it was read is reported, not returned cut", () => {
    const all = gathered();
    all.add({ type: file, payload: json({ path: "a", bytes: 5 }) });
    all.add({ type: fileData, payload: Buffer.from("abc") });
    expect(all.outputs()).toEqual({ files: [], skipped: [{ path: "a", reason: "unreadable" }] });
  });

  test.each([
    ["more output than was allowed", stdout, Buffer.alloc(11)],
    ["a larger file than was allowed", file, json({ path: "a", bytes: 6 })],
    ["data of no file", fileData, Buffer.from("x")],
    ["evidence with a field of its own", exit, json({ ...someEvidence(), verdict: "ok" })],
    ["evidence that is no JSON", exit, Buffer.from("{")],
    ["a reason to skip that doesn't exist", file, json({ path: "a", skipped: "because" })],
    ["a refusal", refused, json({ reason: "no room" })],
    ["a frame out of place", hello, json({})],
    ["a frame type that doesn't exist", 0xff, Buffer.alloc(0)],
  ])("%s is a fault of the sandbox", (_, type, payload) => {
    expect(() => gathered().add({ type, payload })).toThrow();
  });
});
