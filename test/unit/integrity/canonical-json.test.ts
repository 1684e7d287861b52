import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalJson } from "../../../src/integrity/canonical-json.ts";
import { hashOf, hashOfObserved } from "../../../src/integrity/hash.ts";

const again = (json: string) => canonicalJson(JSON.parse(json));

describe("one value has one text", () => {
  test.each([
    ["names in another order", '{"b":1,"a":{"d":2,"c":3}}', '{"a":{"c":3,"d":2},"b":1}'],
    ["names by UTF-16 units, not by code points", '{"\u{10000}":1,"\uffff":2}', '{"\u{10000}":1,"\uffff":2}'],
    ["whitespace", ' { "a" : [ 1 , 2 ] } ', '{"a":[1,2]}'],
    ["1.0", '{"a":1.0}', '{"a":1}'],
    ["exponents", '{"a":1e3,"b":1E-7,"c":1e21}', '{"a":1000,"b":1e-7,"c":1e+21}'],
    ["minus zero", '{"a":-0}', '{"a":0}'],
    ["escapes that need not be", '{"a":"\\u0041\\/"}', '{"a":"A/"}'],
    ["control characters", '{"a":"\\u000a\\u001F"}', '{"a":"\\n\\u001f"}'],
    ["a pair of surrogates as escapes", '{"a":"\\ud83d\\ude00"}', '{"a":"😀"}'],
    ["a name that objects have anyway", '{"b":1,"__proto__":2}', '{"__proto__":2,"b":1}'],
  ])("%s", (_, json, text) => {
    expect(again(json)).toBe(text);
  });

  test("characters that look the same and are others stay others", () => {
    expect(canonicalJson("\u00e9")).not.toBe(canonicalJson("e\u0301"));
  });

  test("whatever order its names came in", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const turned = Object.fromEntries(Object.entries(value).reverse());
        expect(hashOfObserved(turned)).toBe(hashOfObserved(value));
      }),
    );
  });
});

describe("what has no text is refused", () => {
  test.each([
    ["half of a surrogate pair", { a: "\ud800" }],
    ["half of one as a name", { "\udc00": 1 }],
    ["NaN", { a: Number.NaN }],
    ["infinity", [Number.POSITIVE_INFINITY]],
    ["nothing", undefined],
  ])("%s", (_, value) => {
    expect(() => canonicalJson(value)).toThrow(TypeError);
    expect(() => hashOf(value)).toThrow(TypeError);
  });

  test("but what a sandbox said always has a hash, and halves of pairs count as U+FFFD", () => {
    expect(hashOfObserved({ a: ["x\ud800"], "\udc00": 1 })).toBe(hashOf({ a: ["x\ufffd"], "\ufffd": 1 }));
    const anything = fc.string({
      unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)),
    });
    fc.assert(fc.property(anything, (text) => /^sha256:/.test(hashOfObserved([text]))));
  });
});
