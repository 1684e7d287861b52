import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  consistencyPath,
  extendsTree,
  Frontier,
  grow,
  hashCount,
  includes,
  inclusionPath,
  leafHash,
  peaksOf,
  placeOf,
  rootOf,
} from "../../../src/integrity/merkle.ts";

/** The definitions of RFC 9162, 2.1, word by word and slow. */
const sha = (...parts: Buffer[]) => createHash("sha256").update(Buffer.concat(parts)).digest();
const k = (n: number) => 2 ** Math.floor(Math.log2(n - 1));
const mth = (d: Buffer[]): Buffer => {
  const [only] = d;
  if (!only) return sha();
  if (d.length === 1) return sha(Buffer.from([0]), only);
  return sha(Buffer.from([1]), mth(d.slice(0, k(d.length))), mth(d.slice(k(d.length))));
};
const path = (m: number, d: Buffer[]): Buffer[] => {
  if (d.length === 1) return [];
  const at = k(d.length);
  return m < at
    ? [...path(m, d.slice(0, at)), mth(d.slice(at))]
    : [...path(m - at, d.slice(at)), mth(d.slice(0, at))];
};
const subproof = (m: number, d: Buffer[], b: boolean): Buffer[] => {
  if (m === d.length) return b ? [] : [mth(d)];
  const at = k(d.length);
  return m <= at
    ? [...subproof(m, d.slice(0, at), b), mth(d.slice(at))]
    : [...subproof(m - at, d.slice(at), false), mth(d.slice(0, at))];
};

const treeOf = (data: Buffer[]) => {
  const hashes: Buffer[] = [];
  const read = (index: number) => hashes[index] ?? expect.fail(`there is no hash ${index}`);
  data.forEach((leaf, i) => void hashes.push(...grow(i, leafHash(leaf), read)));
  return { hashes, read };
};

const leaves = (most: number) =>
  fc.array(
    fc.uint8Array({ maxLength: 3 }).map((bytes) => Buffer.from(bytes)),
    { minLength: 1, maxLength: most },
  );
const hex = (hashes: Buffer[]) => hashes.map((hash) => hash.toString("hex"));

/** The leaves and roots of the tests of Certificate Transparency. */
test("the roots are those of the published tree", () => {
  const inputs = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
  ];
  const roots = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
  ];
  const { read } = treeOf(inputs.map((input) => Buffer.from(input, "hex")));
  expect(hex(roots.map((_, i) => rootOf(i + 1, read)))).toEqual(roots);
  expect(rootOf(0, read).toString("hex")).toBe(sha().toString("hex"));
});

describe("over any leaves", () => {
  test("the root of every size is that of the definition, from the hashes and from the frontier", () => {
    fc.assert(
      fc.property(leaves(40), (data) => {
        const { hashes, read } = treeOf(data);
        expect(hashes.length).toBe(hashCount(data.length));
        const frontier = new Frontier();
        data.forEach((leaf, i) => {
          frontier.push(leafHash(leaf));
          const root = mth(data.slice(0, i + 1));
          expect([rootOf(i + 1, read), frontier.root()]).toEqual([root, root]);
        });
      }),
    );
  });

  test("a frontier goes on from its peaks alone", () => {
    fc.assert(
      fc.property(leaves(40), fc.nat(), (data, n) => {
        const from = n % (data.length + 1);
        const { read } = treeOf(data);
        const peaks = peaksOf(from).map(({ start, size }) => read(placeOf(start, size)));
        const frontier = Frontier.of(from, peaks);
        for (const leaf of data.slice(from)) frontier.push(leafHash(leaf));
        expect(frontier.root()).toEqual(mth(data));
      }),
    );
  });

  test("an inclusion path is that of the definition, shows its leaf, and no other leaf or tree", () => {
    fc.assert(
      fc.property(leaves(40), fc.nat(), fc.nat(), (data, n, m) => {
        const size = (n % data.length) + 1;
        const index = m % size;
        const { read } = treeOf(data);
        const proof = inclusionPath(index, size, read);
        expect(hex(proof)).toEqual(hex(path(index, data.slice(0, size))));
        const root = mth(data.slice(0, size));
        const claim = { index, leaves: size, leaf: leafHash(data[index] ?? ""), root };
        expect(includes(claim, proof)).toBe(true);
        expect(includes({ ...claim, leaf: leafHash("another leaf") }, proof)).toBe(false);
        expect(includes({ ...claim, root: sha() }, proof)).toBe(false);
        expect(includes({ ...claim, index: size }, proof)).toBe(false);
        expect(includes(claim, [...proof, sha()])).toBe(false);
        if (proof.length > 0) expect(includes(claim, proof.slice(1))).toBe(false);
      }),
    );
  });

  test("a consistency path is that of the definition, shows what the tree began with, and nothing else", () => {
    fc.assert(
      fc.property(leaves(40), fc.nat(), fc.nat(), (data, n, m) => {
        const to = (n % data.length) + 1;
        const from = (m % to) + 1;
        const { read } = treeOf(data);
        const proof = consistencyPath(from, to, read);
        expect(hex(proof)).toEqual(hex(subproof(from, data.slice(0, to), true)));
        const before = { leaves: from, root: mth(data.slice(0, from)) };
        const after = { leaves: to, root: mth(data.slice(0, to)) };
        expect(extendsTree(before, after, proof)).toBe(true);
        expect(extendsTree({ ...before, root: sha() }, after, proof)).toBe(false);
        expect(extendsTree(before, { ...after, root: sha() }, proof)).toBe(false);
        expect(extendsTree(before, after, [...proof, sha()])).toBe(false);
      }),
    );
  });
});

test("a proof of a large tree reads some log(n) hashes", () => {
  const data = Array.from({ length: 5000 }, (_, i) => Buffer.from(String(i)));
  const { read } = treeOf(data);
  let reads = 0;
  const counting = (index: number) => {
    reads += 1;
    return read(index);
  };
  inclusionPath(1234, 5000, counting);
  consistencyPath(1234, 5000, counting);
  expect(reads).toBeLessThan(200);
});
