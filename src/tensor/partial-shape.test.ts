import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { anyDimension, type Dimension, dimension, maxOf, minOf, symbolic } from "./dimension.ts";
import { PartialShape } from "./partial-shape.ts";

const arbitraryDimension: fc.Arbitrary<Dimension> = fc.oneof(
  fc.nat({ max: 6 }),
  fc.constant(anyDimension),
  fc.tuple(fc.nat({ max: 6 }), fc.nat({ max: 6 })).map(([a, b]) => dimension(Math.min(a, b), Math.max(a, b))),
  fc.nat({ max: 6 }).map((least) => dimension(least, Number.POSITIVE_INFINITY)),
  fc.constantFrom("n", "m").map((name) => symbolic(name, 0, 6)),
);
const arbitraryShape: fc.Arbitrary<PartialShape> = fc.oneof(
  { weight: 1, arbitrary: fc.constant(PartialShape.dynamic) },
  { weight: 9, arbitrary: fc.array(arbitraryDimension, { maxLength: 3 }).map((d) => new PartialShape(d)) },
);
const arbitraryLengths = fc.array(fc.nat({ max: 7 }), { maxLength: 3 });

const allows = (shape: PartialShape, lengths: readonly number[]): boolean =>
  shape.dimensions === undefined ||
  (shape.dimensions.length === lengths.length && shape.dimensions.every((d, i) => minOf(d) <= lengths[i] && lengths[i] <= maxOf(d)));

describe("PartialShape", () => {
  it("reads what it prints", () => {
    fc.assert(
      fc.property(arbitraryShape, (shape) => {
        const text = shape.toString();
        expect(PartialShape.parse(text).toString()).toBe(text);
        if (shape.isStatic) expect(PartialShape.parse(text).toShape()).toEqual(shape.dimensions);
      }),
    );
  });

  test.each([
    ["1, 3 , 224,224", "[1,3,224,224]"],
    ["[-1,3]", "[?,3]"],
    ["[1 3 5]", "[1,3,5]"],
    ["[..10,2..,3..3]", "[..10,2..,3]"],
    ["[]", "[]"],
    ["...", "[...]"],
    ["[1..99999999999999999999]", "[1..]"],
  ])("reads %s", (text, expected) => expect(PartialShape.parse(text).toString()).toBe(expected));

  test.each(["[1,]", "[a]", "[1.5]", "[-2]", "[5..3]", "[99999999999999999999]", "[99999999999999999999..]", `[${"9".repeat(400)}]`])(
    "refuses %s",
    (text) => expect(() => PartialShape.parse(text, "input x")).toThrow(/input x.*unreadable dimension|unreadable dimension.*/s),
  );

  it("accepts the lengths that its intervals allow", () => {
    fc.assert(
      fc.property(arbitraryShape, arbitraryLengths, (shape, lengths) => {
        expect(shape.accepts(lengths)).toBe(allows(shape, lengths));
      }),
    );
  });

  it("merges to what both allow, whichever comes first", () => {
    fc.assert(
      fc.property(arbitraryShape, arbitraryShape, arbitraryLengths, (a, b, lengths) => {
        const merged = a.merge(b);
        expect(merged !== undefined && allows(merged, lengths)).toBe(allows(a, lengths) && allows(b, lengths));
        expect(b.merge(a)?.toString()).toBe(merged?.toString());
      }),
      { numRuns: 500 },
    );
  });

  it("says where a length that is needed is not known", () => {
    expect(() => PartialShape.parse("[1,?]").toShape("input x")).toThrow(/input x.*\[1,\?\]/s);
  });
});
