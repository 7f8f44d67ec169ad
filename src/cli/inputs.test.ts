import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodePng } from "../formats/image/png.ts";
import type { RgbImage } from "../formats/image/rgb-image.ts";
import { writeNpy } from "../formats/npy/npy.ts";
import { writeNpz } from "../formats/npy/npz.ts";
import type { Output } from "../model/output.ts";
import { parameter } from "../ops/infrastructure/parameter.ts";
import type { ElementType } from "../tensor/element-type.ts";
import { PartialShape } from "../tensor/partial-shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import { imageInput } from "./image-input.ts";
import { readInput, readInputs } from "./input-files.ts";
import { randomInput } from "./random-input.ts";

const port = (type: ElementType, shape: string, name = "x"): Output => parameter(type, PartialShape.parse(shape), name).outputs[0];
/** Two pixels: red, and a mixture. */
const image: RgbImage = { width: 2, height: 1, data: new Uint8Array([255, 0, 0, 10, 20, 30]) };
const silent = (): void => {};

describe("pictures as inputs", () => {
  test.each([
    ["f32", "[1,3,1,2]", [1, 3, 1, 2], [255, 10, 0, 20, 0, 30]],
    ["u8", "[1,1,2,3]", [1, 1, 2, 3], [255, 0, 0, 10, 20, 30]],
    ["i64", "[3,?,?]", [3, 1, 2], [255n, 10n, 0n, 20n, 0n, 30n]],
    ["f32", "[?,?,?,?]", [1, 3, 1, 2], [255, 10, 0, 20, 0, 30]],
    ["f32", "[1,1,1,2]", [1, 1, 1, 2], [76, 18]],
    ["f16", "[?,3,1,1]", [1, 3, 1, 1], [0x5828, 0x4900, 0x4b80]],
    ["f32", "[1,3,4..8,1..]", [1, 3, 4, 2], [255, 10, 255, 10, 255, 10, 255, 10, 0, 20]],
  ] as const)("%s%s", (type, shape, wanted, values) => {
    const { tensor } = imageInput(image, port(type, shape));
    expect([tensor.elementType, tensor.shape]).toEqual([type, wanted]);
    for (const [i, value] of values.entries()) expect(tensor.data[i]).toBe(value);
  });

  test("the note tells what was done", () => {
    expect(imageInput(image, port("f32", "[1,2,2,3]")).note).toBe("RGB, NHWC, f32 values 0 to 255, 2x2, resized from 2x1 (bilinear)");
    expect(imageInput(image, port("u8", "[1,1,2,1]")).note).toBe("grey, NCHW, u8 values 0 to 255, 1x2, resized from 2x1 (bilinear)");
  });

  test.each(["[1,4,2,2]", "[2,3,2,2]", "[10]", "[...]"])("%s takes none", (shape) => {
    expect(() => imageInput(image, port("f32", shape))).toThrow("this input takes no picture");
  });
});

describe("input files", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "vintner-inputs-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const file = (name: string, bytes: Uint8Array): string => {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    return path;
  };
  const one = new Tensor("f32", [2], [1, 2]);
  const two = new Tensor("f32", [2], [3, 4]);

  test("arrays, archives of one array or of the input's name, raw bytes, pictures", async () => {
    expect((await readInput(file("a.npy", writeNpy(one)), port("f32", "[2]"), silent)).data).toEqual(one.data);
    expect((await readInput(file("b.npz", writeNpz([["other", two]])), port("f32", "[2]"), silent)).data).toEqual(two.data);
    expect((await readInput(file("c.npz", writeNpz([["y", one], ["x", two]])), port("f32", "[2]"), silent)).data).toEqual(two.data); // prettier-ignore
    const raw = await readInput(file("d.bin", new Uint8Array([1, 0, 2, 0, 3, 0, 4, 0])), port("i16", "[?,2]"), silent);
    expect([raw.shape, [...raw.data]]).toEqual([[2, 2], [1, 2, 3, 4]]); // prettier-ignore
    const notes: string[] = [];
    await readInput(file("e.PNG", encodePng(image)), port("u8", "[1,1,2,3]"), (text) => notes.push(text));
    expect(notes).toEqual(['input "x": e.PNG as RGB, NHWC, u8 values 0 to 255, 2x1']);
  });

  test("archives for all inputs: by name or by position", async () => {
    const inputs = [port("f32", "[2]", "a"), port("f32", "[2]", "b")];
    const found = await readInputs(file("all.npz", writeNpz([["input_1", two], ["a", one], ["output_0", one]])), inputs); // prettier-ignore
    expect(inputs.map((input) => [...(found.get(input)?.data ?? [])])).toEqual([[1, 2], [3, 4]]); // prettier-ignore
    await expect(readInputs(file("none.npz", writeNpz([["z", one]])), inputs)).rejects.toThrow(
      '"a" or "input_0", "b" or "input_1", got "z"',
    );
  });

  test.each([
    ["x.txt", new Uint8Array(1), "[2]", "unknown kind of input file"],
    ["x.bin", new Uint8Array(7), "[2]", "expected 8 bytes for f32[2], got 7"],
    ["y.bin", new Uint8Array(8), "[?,?]", "not known"],
    ["two.npz", writeNpz([["p", one], ["q", two]]), "[2]", 'got "p", "q"'], // prettier-ignore
    ["x.png", new Uint8Array(9), "[1,3,2,2]", "format is not known"],
  ] as const)("%s is refused", async (name, bytes, shape, message) => {
    await expect(readInput(file(name, bytes), port("f32", shape), silent)).rejects.toThrow(message);
  });

  test("a file that is not there", async () => {
    await expect(readInput(join(folder, "absent.npy"), port("f32", "[2]"), silent)).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
  });
});

test("random inputs repeat and need a static shape", () => {
  expect(randomInput(port("f32", "[4]"), 0)).toEqual(randomInput(port("f32", "[4]"), 0));
  expect([...randomInput(port("i64", "[64]"), 1).data].every((v) => v === 0n || v === 1n)).toBe(true);
  expect(() => randomInput(port("f32", "[?]"), 0)).toThrow('--shape "x[...]"');
});
