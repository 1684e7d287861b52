import { expect, test } from "vitest";
import { parseConfig } from "../../src/config.ts";

test("an empty environment gives loopback, a key, and port 8080", () => {
  expect(parseConfig({})).toMatchObject({
    CLOCHE_HOST: "127.0.0.1",
    CLOCHE_PORT: 8080,
    CLOCHE_AUTH: "on",
  });
});

test("every problem is named at once", () => {
  const load = () => parseConfig({ CLOCHE_PORT: "many", CLOCHE_MAX_RUNNING: "0", CLOCHE_PROT: "1" });
  expect(load).toThrow(/CLOCHE_PROT: there is no such setting.*CLOCHE_PORT.*CLOCHE_MAX_RUNNING/s);
});

test.each(["0.0.0.0", "192.0.2.1", "example.org", "127.0.0.1.example.org"])(
  "requests without a key are refused on %s",
  (host) => {
    expect(() => parseConfig({ CLOCHE_AUTH: "off", CLOCHE_HOST: host })).toThrow("loopback");
  },
);

test.each(["127.0.0.1", "127.1.2.3", "::1", "localhost"])("and possible on %s", (host) => {
  expect(parseConfig({ CLOCHE_AUTH: "off", CLOCHE_HOST: host }).CLOCHE_AUTH).toBe("off");
});

test.each([{}, { CLOCHE_POSTURE_MINIMUM: "controls" }, { CLOCHE_POSTURE_MINIMUM: "patched" }])(
  "the self-test can't be off where its result is asked for: %j",
  (minimum) => {
    expect(() => parseConfig({ CLOCHE_SELF_TEST: "off", ...minimum })).toThrow(
      "CLOCHE_POSTURE_MINIMUM is none",
    );
  },
);

test("control: it can be off where nothing is asked for", () => {
  const { CLOCHE_SELF_TEST } = parseConfig({ CLOCHE_SELF_TEST: "off", CLOCHE_POSTURE_MINIMUM: "none" });
  expect(CLOCHE_SELF_TEST).toBe("off");
});
