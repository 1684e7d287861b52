import { describe, expect, test } from "vitest";
import { errorOf, isFullOfProcesses, toRefusal } from "../../../../src/docker/run/refusal.ts";

const refusal = (errno: number) => ({ errno, reason: "said by the launcher" });

describe("a refused run", () => {
  test.each([
    [17, "is there already"],
    [20, "is below something that is no folder"],
    [21, "is a folder"],
    [22, "is no path of a file in the workspace"],
    [27, "is larger than a file may be"],
    [28, "does not fit: the workspace is full"],
    [36, "has a name that is too long"],
    [40, "is a link or is below one, and links are not followed"],
  ])("with errno %i is its files' doing: %s", (errno, what) => {
    const name = "InputsRefused";
    expect(errorOf(refusal(errno), true)).toMatchObject({
      name,
      errno,
      message: `/workspace/action.py ${what}`,
    });
    expect(errorOf(refusal(errno), false)).toMatchObject({
      name,
      errno,
      message: `A file of the action ${what}`,
    });
  });

  test.each([1, 2, 13])("with errno %i is the doing of a session's code, and nobody else's", (errno) => {
    expect(errorOf(refusal(errno), true)).toMatchObject({ name: "InputsRefused", errno });
    expect(errorOf(refusal(errno), false)).toMatchObject({ name: "SandboxFault", started: false });
  });

  test.each([5, 12, 24])("with errno %i is a fault; the launcher's words are its cause", (errno) => {
    const cause = { message: `the launcher refused: [errno ${errno}] said by the launcher` };
    expect(errorOf(refusal(errno), true)).toMatchObject({ name: "SandboxFault", started: false, cause });
  });

  test("for want of processes is the session's own doing, and a fault where nothing ran before", () => {
    expect(isFullOfProcesses(refusal(11), true)).toBe(true);
    expect(isFullOfProcesses(refusal(11), false)).toBe(false);
    expect(isFullOfProcesses(refusal(12), true)).toBe(false);
    expect(errorOf(refusal(11), false)).toMatchObject({ name: "SandboxFault", started: false });
  });

  test("by what is no refusal is a breach", () => {
    expect(() => toRefusal(Buffer.from('{"errno": "11", "reason": ""}'))).toThrow();
    expect(() => toRefusal(Buffer.from("{"))).toThrow();
  });
});
