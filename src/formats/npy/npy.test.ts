import { readFileSync } from "node:fs";
import { zipSync } from "fflate";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { VintnerError } from "../../common/errors.ts";
import type { ElementType } from "../../tensor/element-type.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { writeNpyHeader } from "./npy-header.ts";
import { readNpy, writeNpy } from "./npy.ts";
import { readNpz, writeNpz } from "./npz.ts";

/** Compressed, by `numpy.savez_compressed`. */
const ofNumPy = new URL("../../../test/fixtures/exact-outputs/multi_basicpitch__nmp.onnx.npz", import.meta.url);
const join = (...parts: Uint8Array[]): Uint8Array => Uint8Array.from(parts.flatMap((p) => [...p]));
const codeOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    return error instanceof VintnerError ? error.code : `untyped: ${error}`;
  }
  return "none";
};

describe("npy", () => {
  const types: ElementType[] = ["boolean", "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "f16", "f32", "f64"];
  test.each(types)("%s comes back as written, scalars and empty arrays too", (type) => {
    for (const shape of [[], [0, 3], [3], [2, 3]]) {
      const tensor = new Tensor(
        type,
        shape,
        Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i % 2),
      );
      const read = readNpy(writeNpy(tensor));
      expect([read.elementType, read.shape, read.data]).toEqual([type, shape, tensor.data]);
    }
  });

  test("the data starts at a multiple of 64 bytes and is not copied", () => {
    const bytes = writeNpy(new Tensor("f32", [2], [1, 2]));
    expect(readNpy(bytes).data.buffer).toBe(bytes.buffer);
    expect(bytes.length % 64).toBe(8);
  });

  test("bf16 is widened to f32", () => {
    const read = readNpy(writeNpy(new Tensor("bf16", [2], new Uint16Array([0x3f80, 0xc000]))));
    expect([read.elementType, [...read.data]]).toEqual(["f32", [1, -2]]);
  });

  test("unaligned data is copied", () => {
    const bytes = writeNpy(new Tensor("f32", [2], [1, 2]));
    const shifted = new Uint8Array(bytes.length + 1);
    shifted.set(bytes, 1);
    expect([...readNpy(shifted.subarray(1)).data]).toEqual([1, 2]);
  });

  test("Fortran order becomes row-major", () => {
    const data = new Uint8Array([0, 3, 1, 4, 2, 5]);
    const text = new TextDecoder("latin1").decode(writeNpyHeader("|u1", [2, 3])).replace("False", "True ");
    const header = Uint8Array.from(text, (c) => c.charCodeAt(0));
    header[0] = 0x93;
    expect([...readNpy(join(header, data)).data]).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test("big-endian data is swapped", () => {
    expect([...readNpy(join(writeNpyHeader(">i4", [2]), new Uint8Array([0, 0, 1, 2, 255, 255, 255, 255]))).data]).toEqual([258, -1]);
  });

  test("damaged files and foreign types give typed errors", () => {
    const good = writeNpy(new Tensor("f32", [4], [1, 2, 3, 4]));
    expect(codeOf(() => readNpy(good.subarray(0, good.length - 1)))).toBe("FORMAT");
    expect(codeOf(() => readNpy(new Uint8Array(3)))).toBe("FORMAT");
    expect(codeOf(() => readNpy(join(writeNpyHeader("<c8", [1]), new Uint8Array(8))))).toBe("UNSUPPORTED");
    expect(codeOf(() => readNpy(writeNpyHeader("<f4", [2 ** 40, 2 ** 40])))).toBe("FORMAT");
    expect(codeOf(() => writeNpy(new Tensor("u4", [2])))).toBe("UNSUPPORTED");
  });

  test("no flipped bytes escape as an untyped error", () => {
    const good = writeNpy(new Tensor("i64", [2, 2], [1, 2, 3, 4]));
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 4 }), fc.nat(good.length), (flips, length) => {
        const bytes = good.slice();
        for (const [at, value] of flips) bytes[at] = value;
        expect(codeOf(() => readNpy(bytes.subarray(0, length)))).toMatch(/^(none|FORMAT|UNSUPPORTED)$/);
      }),
      { seed: 1, numRuns: 500 },
    );
  });
});

describe("npz", () => {
  test("reads what NumPy wrote", () => {
    const arrays = readNpz(readFileSync(ofNumPy));
    expect([...arrays].map(([name, { elementType, shape }]) => [name, elementType, shape])).toEqual([
      ["output_0", "f32", [1165]],
      ["output_1", "f32", [1165]],
      ["output_2", "f32", [3493]],
    ]);
    const [low, high] = [Math.min, Math.max].map((of) => of(...Array.from(arrays.get("output_0")?.data ?? [], Number)));
    expect([low >= 0, high <= 1, high > 0.1]).toEqual([true, true, true]);
  });

  test.each([false, true])("arrays come back as written, compressed: %s", (compress) => {
    const arrays: [string, Tensor][] = [
      ["a/b", new Tensor("i64", [2], [1, -2])],
      ["c", new Tensor("f32", [], [0.5])],
    ];
    const bytes = writeNpz(arrays, { compress });
    expect([...readNpz(bytes)].map(([name, t]) => [name, t.shape, t.data])).toEqual(arrays.map(([name, t]) => [name, t.shape, t.data]));
    expect(writeNpz(arrays, { compress })).toEqual(bytes);
  });

  test("entries that share their packed bytes are refused before they are unpacked", () => {
    const one = zipSync({ "x.npy": writeNpy(new Tensor("u8", [1 << 24])) }, { level: 9 });
    // The archive's directory, with its only entry written 200 times (APPNOTE 4.3.12 and 4.3.16).
    const end = one.length - 22;
    const view = new DataView(one.buffer);
    const begin = view.getUint32(end + 16, true);
    const entry = one.subarray(begin, end);
    const bytes = Uint8Array.from([
      ...one.subarray(0, begin),
      ...Array.from({ length: 200 }, () => [...entry]).flat(),
      ...one.subarray(end),
    ]);
    const last = new DataView(bytes.buffer, bytes.length - 22);
    last.setUint16(8, 200, true);
    last.setUint16(10, 200, true);
    last.setUint32(12, 200 * entry.length, true);
    const before = process.memoryUsage().arrayBuffers;
    expect(codeOf(() => readNpz(bytes))).toBe("FORMAT");
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1 << 30);
  });

  test("damaged archives give typed errors", () => {
    const good = writeNpz([["x", new Tensor("f32", [64])]], { compress: true });
    expect(codeOf(() => readNpz(new Uint8Array(10)))).toBe("FORMAT");
    expect(codeOf(() => readNpz(zipSync({ "x.npy": new Uint8Array(5) })))).toBe("FORMAT");
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), fc.nat(good.length), (at, value, length) => {
        const bytes = good.slice();
        bytes[at] = value;
        expect(codeOf(() => readNpz(bytes.subarray(0, length)))).toMatch(/^(none|FORMAT|UNSUPPORTED)$/);
      }),
      { seed: 1, numRuns: 500 },
    );
  });
});
