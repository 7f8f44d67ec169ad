import { expect, test } from "vitest";
import { WeightsWriter } from "./weights-writer.ts";

const bytes = (...values: readonly number[]): Uint8Array => new Uint8Array(values);

test("offsets are multiples of 64, with zeros between", () => {
  const writer = new WeightsWriter();
  expect(writer.add(bytes(1, 2, 3))).toEqual({ offset: 0, size: 3 });
  expect(writer.add(bytes(4))).toEqual({ offset: 64, size: 1 });
  expect(writer.add(new Uint8Array(65).fill(5))).toEqual({ offset: 128, size: 65 });
  expect(writer.add(bytes(6))).toEqual({ offset: 256, size: 1 });
  const file = writer.finish();
  expect(Uint8Array.from(writer.pieces().flatMap((piece) => [...piece]))).toEqual(file);
  expect(file).toHaveLength(257);
  expect(Array.from(file.subarray(0, 66))).toEqual([1, 2, 3, ...Array.from({ length: 61 }, () => 0), 4, 0]);
});

test("equal bytes are stored once, whatever their type or shape", () => {
  const writer = new WeightsWriter();
  writer.add(bytes(1, 2));
  expect(writer.add(bytes(3, 4)).offset).toBe(64);
  expect(writer.add(bytes(1, 2))).toEqual({ offset: 0, size: 2 });
  expect(writer.finish()).toHaveLength(66);
});

test("bytes that differ only between those that are hashed are kept apart", () => {
  const [a, b] = [new Uint8Array(100_000), new Uint8Array(100_000)];
  b[1] = 1;
  const writer = new WeightsWriter();
  expect(writer.add(a).offset).not.toBe(writer.add(b).offset);
});

test("constants without elements take no room", () => {
  const writer = new WeightsWriter();
  expect(writer.add(bytes())).toEqual({ offset: 0, size: 0 });
  expect(writer.finish()).toHaveLength(0);
});
