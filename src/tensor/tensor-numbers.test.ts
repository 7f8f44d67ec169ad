import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { VintnerError } from "../common/errors.ts";
import { Tensor } from "./tensor.ts";
import { allocateNumbers, clampedIntegers, roundedTensor, tensorNumbers, tensorOfNumbers } from "./tensor-numbers.ts";

describe("64-bit integers", () => {
  test("become the nearest numbers", () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })), (list) => {
        const signed = new Tensor("i64", [list.length], BigInt64Array.from(list));
        expect(Array.from(tensorNumbers(signed))).toEqual(list.map(Number));
        const unsigned = list.map((n) => BigInt.asUintN(64, n));
        expect(Array.from(tensorNumbers(new Tensor("u64", [list.length], BigUint64Array.from(unsigned))))).toEqual(unsigned.map(Number));
      }),
      { seed: 1 },
    );
  });

  test("are made of numbers without their fractions", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -9e15, max: 9e15, noNaN: true })), (list) => {
        const expected = list.map((n) => BigInt(Math.trunc(n)));
        expect([...tensorOfNumbers("i64", [list.length], list).data]).toEqual(expected);
        const wrapped = expected.map((n) => BigInt.asUintN(64, n));
        expect([...tensorOfNumbers("u64", [list.length], list).data]).toEqual(wrapped);
      }),
      { seed: 2 },
    );
  });

  test("are made of 32-bit integers, and become those that are nearest", () => {
    const clamp = (n: bigint): number => Number(n > 2147483647n ? 2147483647n : n < -2147483648n ? -2147483648n : n);
    const wide = fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.bigInt({ min: -(2n ** 32n), max: 2n ** 32n }));
    fc.assert(
      fc.property(fc.array(wide), (list) => {
        const narrow = clampedIntegers(BigInt64Array.from(list));
        expect([...narrow]).toEqual(list.map(clamp));
        expect([...tensorOfNumbers("i64", [list.length], narrow).data]).toEqual([...narrow].map(BigInt));
        const unsigned = list.map((n) => BigInt.asUintN(64, n));
        expect([...clampedIntegers(BigUint64Array.from(unsigned))]).toEqual(unsigned.map(clamp));
      }),
      { seed: 3 },
    );
  });

  test("that there are not become the lowest", () => {
    const odd = [Number.NaN, Number.POSITIVE_INFINITY, -1e30, 1e30];
    expect([...tensorOfNumbers("i64", [4], odd).data]).toEqual(odd.map(() => -(2n ** 63n)));
  });
});

test("numbers computed in float64 are rounded to the type", () => {
  const x = Float64Array.of(1 / 3, 70000, -2.7);
  expect([...roundedTensor("f64", [3], x).data]).toEqual([...x]);
  expect([...roundedTensor("f32", [3], x).data]).toEqual([...x].map(Math.fround));
  expect(Array.from(tensorNumbers(roundedTensor("f16", [3], x)))).toEqual([0.333251953125, Number.POSITIVE_INFINITY, -2.69921875]);
  expect([...roundedTensor("i32", [3], x).data]).toEqual([0, 70000, -2]);
  expect([...roundedTensor("i64", [3], x).data]).toEqual([0n, 70000n, -2n]);
});

test("types that are no numbers, and sizes that there is no room for, give typed errors", () => {
  expect(() => tensorNumbers(new Tensor("u4", [2]))).toThrow(VintnerError);
  expect(() => allocateNumbers("f32", 2 ** 50)).toThrow(VintnerError);
});
