import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  addDimensions,
  ceilDivideDimension,
  divideDimensions,
  dimensionProduct,
  floorDivideDimension,
  maxDimensions,
  minDimensions,
  multiplyDimensions,
  subtractDimensions,
} from "./dimension-arithmetic.ts";
import { anyDimension, type Dimension, isKnown, maxOf, minOf, symbolic } from "./dimension.ts";
import type { DimensionSymbol } from "./symbol.ts";

/** A computation, done with what is known of the lengths and with the lengths themselves. */
interface Computation {
  readonly dimension: Dimension;
  readonly of: (lengths: Lengths) => number;
}
type Lengths = Readonly<Record<"a" | "b" | "c", number>>;

const bounds = { a: [1, 9], b: [0, 40], c: [3, Number.POSITIVE_INFINITY] } as const;
const leaf: fc.Arbitrary<Computation> = fc.oneof(
  fc.constantFrom("a" as const, "b" as const, "c" as const).map((name) => ({
    dimension: symbolic(name, ...bounds[name]),
    of: (lengths: Lengths) => lengths[name],
  })),
  fc.integer({ min: -6, max: 6 }).map((n) => ({ dimension: n, of: () => n })),
);

const binary = [
  [addDimensions, (x: number, y: number) => x + y],
  [subtractDimensions, (x: number, y: number) => x - y],
  [multiplyDimensions, (x: number, y: number) => x * y],
  [maxDimensions, Math.max],
  [minDimensions, Math.min],
] as const;
const quotient = [
  [floorDivideDimension, Math.floor],
  [ceilDivideDimension, Math.ceil],
] as const;

const computation: fc.Arbitrary<Computation> = fc.letrec<{ node: Computation }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc.tuple(fc.constantFrom(...binary), tie("node"), tie("node")).map(([[symbols, numbers], x, y]) => ({
      dimension: symbols(x.dimension, y.dimension),
      of: (lengths: Lengths) => numbers(x.of(lengths), y.of(lengths)),
    })),
    fc.tuple(fc.constantFrom(...quotient), tie("node"), fc.integer({ min: 1, max: 6 })).map(([[symbols, round], x, by]) => ({
      dimension: symbols(x.dimension, by),
      of: (lengths: Lengths) => round(x.of(lengths) / by),
    })),
  ),
})).node;

const lengths: fc.Arbitrary<Lengths> = fc.record({
  a: fc.integer({ min: 1, max: 9 }),
  b: fc.integer({ min: 0, max: 40 }),
  c: fc.integer({ min: 3, max: 50 }),
});

describe("what holds of every computation", () => {
  test("the result lies within its bounds", () => {
    fc.assert(
      fc.property(computation, lengths, ({ dimension: d, of }, l) => {
        const n = of(l);
        expect(n).toBeGreaterThanOrEqual(minOf(d));
        expect(n).toBeLessThanOrEqual(maxOf(d));
      }),
      { numRuns: 3000, seed: 1 },
    );
  });

  test("what has one symbol is one number", () => {
    const seen = new Map<DimensionSymbol, Computation["of"]>();
    const samples = fc.sample(lengths, { numRuns: 12, seed: 2 });
    for (const { dimension: d, of } of fc.sample(computation, { numRuns: 6000, seed: 3 })) {
      if (isKnown(d) || d.symbol === undefined) continue;
      const other = seen.get(d.symbol);
      seen.set(d.symbol, of);
      for (const l of samples) expect(of(l) === (other ?? of)(l), String(d.symbol)).toBe(true);
    }
    expect(seen.size).toBeGreaterThan(500);
  });

  test("a symbol read again is the same", () => {
    fc.assert(
      fc.property(computation, ({ dimension: d }) => {
        if (isKnown(d) || d.symbol === undefined) return;
        const back = subtractDimensions(addDimensions(d, 5), 5);
        expect(isKnown(back) ? back : back.symbol).toBe(d.symbol);
        expect(subtractDimensions(d, d)).toBe(0);
      }),
      { numRuns: 2000, seed: 4 },
    );
  });
});

const [h, w] = [symbolic("h", 1), symbolic("w", 1)];
const text = (d: Dimension): string | number | undefined => (isKnown(d) ? d : d.symbol?.toString());

describe("canonical symbols", () => {
  const cases: readonly (readonly [string, Dimension, string | number])[] = [
    ["sums in any order", addDimensions(addDimensions(w, 1), addDimensions(h, 2)), "(3+h+w)"],
    ["what cancels", subtractDimensions(addDimensions(h, w), h), "w"],
    ["products of sums", multiplyDimensions(addDimensions(h, 1), 2), "(2+(2*h))"],
    ["squares", multiplyDimensions(h, h), "(h*h)"],
    ["exact halves", floorDivideDimension(multiplyDimensions(h, 6), 2), "(3*h)"],
    ["halves of even parts", floorDivideDimension(addDimensions(multiplyDimensions(h, 4), 3), 2), "(1+(2*h))"],
    ["halves of halves", floorDivideDimension(floorDivideDimension(h, 2), 2), "(h/4)"],
    ["common factors", floorDivideDimension(addDimensions(multiplyDimensions(h, 2), 1), 4), "(h/2)"],
    ["a stride of 2", addDimensions(floorDivideDimension(subtractDimensions(h, 1), 2), 1), "((1+h)/2)"],
    ["rounding up", ceilDivideDimension(h, 2), "((1+h)/2)"],
    ["a product divided", divideDimensions(dimensionProduct([h, w, 12]), multiplyDimensions(w, 4)), "(3*h)"],
    ["what does not divide", divideDimensions(h, w), "(h/w)"],
    ["differences", subtractDimensions(h, multiplyDimensions(w, 2)), "(h-(2*w))"],
    ["the larger", maxDimensions(w, h), "max(h,w)"],
    ["the larger by a number", maxDimensions(h, addDimensions(h, 1)), "(1+h)"],
    ["the smaller of one", minDimensions(h, h), "h"],
  ];
  test.each(cases)("%s", (_, d, expected) => expect(text(d)).toBe(expected));

  test("names that read as arithmetic stay names", () => {
    for (const name of ["past + seq", "2*h", "(1+2)", "7", 'a"b', "(h", "unk__1", "-", "max"]) {
      const odd = symbolic(name, 1);
      expect(text(addDimensions(odd, 0))).toBe(name);
      expect(text(subtractDimensions(addDimensions(odd, h), h))).toBe(name);
    }
    expect(text(addDimensions(symbolic("past + seq"), 1))).toBe('(1+"past + seq")');
  });

  test("calls of other modules are atoms", () => {
    const slice = symbolic("slice(h,1::2)", 1);
    expect(text(addDimensions(addDimensions(slice, 1), -1))).toBe("slice(h,1::2)");
  });

  test("without a symbol there are bounds only", () => {
    expect(addDimensions(anyDimension, 3)).toEqual({ min: 3, max: Number.POSITIVE_INFINITY });
    expect(multiplyDimensions(anyDimension, 0)).toBe(0);
  });

  test("texts that grow without end are given up", () => {
    let d: Dimension = h;
    for (let i = 0; i < 100; i++) d = addDimensions(floorDivideDimension(multiplyDimensions(d, w), 3), h);
    expect(text(d)).toBeUndefined();
  });
});
