import { describe, expect, test } from "vitest";
import { glyphBit } from "../demo/drawing/bitmap-font.ts";
import { drawLines } from "../demo/drawing/draw-lines.ts";
import { connectedComponents } from "../demo/ocr/connected-components.ts";
import { decodeGreedily, parseCharacters } from "../demo/ocr/ctc.ts";
import { imageNet, imageTensor, symmetric } from "../demo/ocr/image-tensor.ts";
import { convexHull, minimumAreaRectangle } from "../demo/ocr/minimum-area-rectangle.ts";
import type { Point, Quadrilateral } from "../demo/ocr/quadrilateral.ts";
import { readText } from "../demo/ocr/read-text.ts";
import { readingOrder } from "../demo/ocr/reading-order.ts";
import { straighten, turnAround } from "../demo/ocr/straighten.ts";
import { textBoxes } from "../demo/ocr/text-boxes.ts";
import { newImage, type RgbImage } from "../src/formats/image/rgb-image.ts";
import { Tensor } from "../src/tensor/tensor.ts";

const mask = (rows: readonly string[]): Uint8Array => Uint8Array.from(rows.join(""), (c) => (c === "#" ? 1 : 0));
const box = (x0: number, y0: number, x1: number, y1: number): Quadrilateral => [
  [x0, y0],
  [x1, y0],
  [x1, y1],
  [x0, y1],
];
const numbered = (width: number, height: number): RgbImage => ({
  width,
  height,
  data: Uint8Array.from({ length: width * height * 3 }, (_, i) => Math.floor(i / 3)),
});
const firstChannel = ({ data }: RgbImage): number[] => [...data].filter((_, i) => i % 3 === 0);

describe("boxes", () => {
  test("regions that touch at a corner, or meet further down, are one", () => {
    const regions = connectedComponents(mask(["#.#..", "#.#.#", ".#..#"]), 5, 3);
    expect(regions.map((points) => points.length)).toEqual([10, 4]);
  });

  test("the hull leaves out points inside and on edges", () => {
    const points: Point[] = [[0, 0], [2, 0], [4, 0], [4, 4], [0, 4], [2, 2]]; // prettier-ignore
    expect(convexHull(points)).toHaveLength(4);
  });

  test("the rectangle of least area lies along a tilted shape", () => {
    const angle = 0.3;
    const turn = ([x, y]: Point): Point => [x * Math.cos(angle) - y * Math.sin(angle), x * Math.sin(angle) + y * Math.cos(angle)];
    const expected = box(0, 0, 20, 5).map(turn);
    for (const [i, [x, y]] of minimumAreaRectangle([...expected, turn([7, 2])]).entries()) {
      expect(x).toBeCloseTo(expected[i][0], 9);
      expect(y).toBeCloseTo(expected[i][1], 9);
    }
  });

  test("one point and one row have rectangles too", () => {
    expect(minimumAreaRectangle([[3, 4], [3, 4]])).toEqual(box(3, 4, 3, 4)); // prettier-ignore
    expect(minimumAreaRectangle([[3, 4], [9, 4]]).map(([x, y]) => [x, y + 0])).toEqual(box(3, 4, 9, 4)); // prettier-ignore
  });

  test("a map's regions become boxes, grown by 1.5 times area by perimeter; weak and tiny ones do not", () => {
    const width = 64;
    const data = new Float32Array(width * 32);
    const fill = (x0: number, y0: number, x1: number, y1: number, p: number): void => {
      for (let y = y0; y <= y1; y++) data.fill(p, y * width + x0, y * width + x1 + 1);
    };
    fill(10, 8, 40, 14, 0.9);
    fill(50, 8, 60, 14, 0.5);
    fill(50, 20, 51, 21, 0.9);
    const boxes = textBoxes({ width, height: 32, data }, { width: 128, height: 32 });
    // 30 x 6 between pixel centres grows by 30 * 6 / 72 * 1.5 = 3.75 on each side; the picture is twice as wide as the map.
    expect(boxes.map((b) => b.corners)).toEqual([[[13, 4], [88, 4], [88, 18], [13, 18]]]); // prettier-ignore
    expect(boxes[0].score).toBeCloseTo(0.9, 5);
  });
});

describe("pictures", () => {
  test("a tensor has planes blue, green, red, normalized and padded with zeros", () => {
    const image = { width: 1, height: 1, data: new Uint8Array([255, 0, 51]) };
    const { shape, data } = imageTensor(image, symmetric, 2);
    expect(shape).toEqual([1, 3, 1, 2]);
    expect([...data].map((v) => Math.round(Number(v) * 100) / 100)).toEqual([-0.6, 0, -1, 0, 1, 0]);
    expect(Number(imageTensor(image, imageNet).data[2])).toBeCloseTo((1 - 0.406) / 0.225, 5);
  });

  test("cutting out along pixels copies them; steep boxes are turned left", () => {
    expect(firstChannel(straighten(numbered(6, 4), box(1, 1, 4, 3)))).toEqual([7, 8, 9, 13, 14, 15]);
    const steep = straighten(numbered(4, 6), box(1, 1, 3, 5));
    expect([steep.width, steep.height, firstChannel(steep)]).toEqual([4, 2, [6, 10, 14, 18, 5, 9, 13, 17]]);
  });

  test("turning around reverses the pixels, not the channels", () => {
    expect([...turnAround({ width: 2, height: 1, data: new Uint8Array([1, 2, 3, 4, 5, 6]) }).data]).toEqual([4, 5, 6, 1, 2, 3]);
  });

  test("read lines are drawn beside the picture", () => {
    expect([0, 1, 2, 3, 4].map((x) => glyphBit("-", x, 3))).toEqual([true, true, true, true, true]);
    const line = { pieces: [{ corners: box(2, 2, 60, 20), text: "Hi é", confidence: 1 }], text: "Hi é", confidence: 1 };
    const drawn = drawLines(newImage(64, 24, [255, 255, 255]), [line]);
    expect([drawn.width, drawn.height]).toEqual([128, 24]);
    expect(firstChannel(drawn).filter((v) => v === 0).length).toBeGreaterThan(20);
  });
});

describe("text", () => {
  const characters = parseCharacters("a\r\nb\n");
  const decode = (classes: readonly (readonly number[])[]) => decodeGreedily(classes.flat(), classes.length, 4, characters);
  const likely = (c: number): number[] => [0, 1, 2, 3].map((i) => (i === c ? 0.7 : 0.1));

  test("the list gets the blank before it and the space behind it", () => {
    expect(characters).toEqual(["", "a", "b", " "]);
    expect(() => decodeGreedily([1], 1, 1, characters)).toThrow("4");
  });

  test("repetitions and blanks are dropped, a character after a blank counts again", () => {
    expect(decode([1, 1, 0, 1, 2, 2].map(likely))).toEqual({ text: "aab", confidence: expect.closeTo(0.7, 9) });
    expect(decode([likely(0)])).toEqual({ text: "", confidence: 0 });
  });

  test("an unsure space between words counts, at the ends it does not", () => {
    const unsure = [0.7, 0, 0, 0.3];
    expect(decode([unsure, likely(1), [0.95, 0, 0, 0.05], likely(1), unsure, [1, 0, 0, 0], unsure, likely(2), unsure]).text).toBe("aa b");
  });

  test("boxes are ordered in lines along the direction of the text", () => {
    const at = (name: string, x: number, y: number, slope = 0) => ({
      name,
      corners: [[x, y + slope * x], [x + 40, y + slope * (x + 40)], [x + 40, y + 10 + slope * (x + 40)], [x, y + 10 + slope * x]] as unknown as Quadrilateral, // prettier-ignore
    });
    for (const slope of [0, 0.2, -0.2]) {
      const items = [at("d", 60, 30, slope), at("b", 60, 1, slope), at("c", 0, 30, slope), at("a", 0, 0, slope)];
      expect(readingOrder(items).map((line) => line.map(({ name }) => name))).toEqual([["a", "b"], ["c", "d"]]); // prettier-ignore
    }
    expect(readingOrder([])).toEqual([]);
  });

  test("the stages follow each other and tell of their steps", async () => {
    const map = new Float32Array(64 * 32);
    for (let y = 8; y < 20; y++) map.fill(0.9, y * 64 + 10, y * 64 + 50);
    const seen: string[] = [];
    const lines = await readText(
      {
        detection: async () => new Tensor("f32", [1, 1, 32, 64], map),
        angle: async () => new Tensor("f32", [1, 2], [0.99, 0.01]),
        recognition: async () => new Tensor("f32", [1, 2, 4], [...likely(1), ...likely(2)]),
        characters,
      },
      newImage(64, 32),
      { onStep: (stage, done, total) => seen.push(`${stage} ${done}/${total}`) },
    );
    expect(seen).toEqual(["detection 1/1", "angle 1/1", "recognition 1/1"]);
    expect(lines.map(({ text }) => text)).toEqual(["ab"]);
  });
});
