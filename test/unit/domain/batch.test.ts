import { describe, expect, test } from "vitest";
import { batchSchema } from "../../../src/domain/batch.ts";

const action = { code: "" };
const withIds = (...ids: string[]) => ({ items: ids.map((id) => ({ id, action })) });
const pathOf = (body: unknown) => batchSchema.safeParse(body).error?.issues[0]?.path.join(".");

describe("a batch", () => {
  test("has items with ids of their own", () => {
    const { items } = batchSchema.parse(withIds("a", "b.c-d_e", "1"));
    expect(items.map(({ id }) => id)).toEqual(["a", "b.c-d_e", "1"]);
    expect(items[0]?.action).toMatchObject({ code: "", policy: "default", stdin: "" });
  });

  test.each([
    ["no items", {}, "items"],
    ["an empty list", { items: [] }, "items"],
    ["1,001 items", withIds(...Array.from({ length: 1001 }, (_, n) => `i${n}`)), "items"],
    ["an id twice", withIds("a", "b", "a"), "items"],
    ["an empty id", withIds("a", ""), "items.1.id"],
    ["an id with a slash", withIds("a/b"), "items.0.id"],
    ["an id of 65 characters", withIds("x".repeat(65)), "items.0.id"],
    ["an item without an action", { items: [{ id: "a" }] }, "items.0.action"],
    ["a wrong action", { items: [{ id: "a", action: { code: 1 } }] }, "items.0.action.code"],
    ["an unknown field of an item", { items: [{ id: "a", action, tag: 1 }] }, "items.0"],
  ])("with %s is refused", (_, body, path) => {
    expect(pathOf(body)).toBe(path);
  });
});
