import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { stripVTControlCharacters } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { pngSize } from "../../examples/agent/expect.ts";
import { runExample } from "../../examples/agent/run-example.ts";
import { Screen } from "../../examples/agent/screen.ts";
import { type PrivateService, startPrivateService } from "../../scripts/private-service.ts";

const timeout = 120_000;

let service: PrivateService;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "cloche-agent-test-"));
  service = await startPrivateService();
}, timeout);
afterAll(async () => {
  await service?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

test("the agent works through its task in one session, and a person can follow it", { timeout }, async ({
  signal,
}) => {
  const output = new PassThrough();
  const shown = text(output);
  await runExample(service, { screen: new Screen(output), folder, signal });
  output.end();

  const lines = stripVTControlCharacters(await shown);
  expect(lines).toContain("KeyError: 'Region'");
  expect(lines).toContain("KeyboardInterrupt");
  expect(lines).toContain("→ ended (closed)");
  expect(lines.match(/✓ .*/g)).toHaveLength(5);
  expect(pngSize(await readFile(join(folder, "revenue.png")), "the plot")).toEqual({
    width: 640,
    height: 320,
  });
});
