import { describe, expect, test } from "vitest";
import { parseOsIds } from "../../../../scripts/engine/observe-engine.ts";

describe("parseOsIds", () => {
  test.each<[name: string, osRelease: string, ids: string[]]>([
    ["Debian", 'PRETTY_NAME="Debian GNU/Linux 13"\nVERSION_ID="13"\nID=debian\n', ["debian"]],
    ["Ubuntu", "ID=ubuntu\nID_LIKE=debian\n", ["ubuntu", "debian"]],
    ["quoted lists", "ID=\"linuxmint\"\nID_LIKE='ubuntu debian'\n", ["linuxmint", "ubuntu", "debian"]],
    ["nothing", "", []],
  ])("%s", (_name, osRelease, ids) => expect(parseOsIds(osRelease)).toEqual(ids));
});
