import { describe, expect, test } from "vitest";
import { commandWorks, runCommand } from "../../../../scripts/images/run-command.ts";

const script = (text: string) => [process.execPath, "-e", text];

describe("running a command", () => {
  test("what it prints on stdout comes back", async () => {
    expect(await runCommand(script("console.error('noise'); console.log('answer')"), "asking")).toBe(
      "answer\n",
    );
  });

  test("a failure names the step and shows the end of the output", async () => {
    const noisy = script("for (let i = 0; i < 50; i++) console.log('line ' + i); process.exit(3)");
    const message = await runCommand(noisy, "unpacking").catch((error: Error) => error.message);
    expect(message).toMatch(/^unpacking failed \(.*: 3\)\nline 30\n/);
    expect(message).toMatch(/line 49$/);
  });

  test("a program that does not exist does not work", async () => {
    expect(await commandWorks(["cloche-no-such-program"])).toBe(false);
    expect(await commandWorks(script(""))).toBe(true);
  });
});
