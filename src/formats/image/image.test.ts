import { existsSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { encode } from "fast-png";
import { zlibSync } from "fflate";
import { encode as encodeJpeg } from "jpeg-js";
import { describe, expect, test } from "vitest";
import { VintnerError } from "../../common/errors.ts";
import { decodeImage } from "./decode-image.ts";
import { applyOrientation, exifOrientation } from "./exif-orientation.ts";
import { encodePng } from "./png.ts";
import { resizeImage } from "./resize-image.ts";
import type { RgbImage } from "./rgb-image.ts";

const demo = (file: string): Uint8Array => readFileSync(new URL(`../../../demo/${file}`, import.meta.url));
const pictures = new URL("../../../../shared/images/", import.meta.url);
const absent = existsSync(pictures) ? "" : " (skipped: ../shared/images is absent)";
const gradient = (width: number, height: number): RgbImage => ({
  width,
  height,
  data: Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 7) % 256),
});
const codeOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    return error instanceof VintnerError ? error.code : `untyped: ${error}`;
  }
  return "none";
};

describe("png", () => {
  test("comes back as encoded", () => {
    const image = gradient(5, 3);
    expect(decodeImage(encodePng(image))).toEqual(image);
  });

  test("grey of 1, 8 and 16 bits, grey with alpha and palettes become RGB", () => {
    const one = encode({ width: 3, height: 1, data: new Uint8Array([0b10100000]), channels: 1, depth: 1 });
    expect([...decodeImage(one).data]).toEqual([255, 255, 255, 0, 0, 0, 255, 255, 255]);
    const grey = encode({ width: 2, height: 1, data: new Uint8Array([7, 9]), channels: 1 });
    expect([...decodeImage(grey).data]).toEqual([7, 7, 7, 9, 9, 9]);
    const deep = encode({ width: 1, height: 1, data: new Uint16Array([0x1234, 0x5678, 0x9abc]), channels: 3, depth: 16 });
    expect([...decodeImage(deep).data]).toEqual([0x12, 0x56, 0x9a]);
    const alpha = encode({ width: 1, height: 1, data: new Uint8Array([50, 100]), channels: 2 });
    expect([...decodeImage(alpha).data]).toEqual([50, 50, 50]);
    const palette = [
      [1, 2, 3],
      [4, 5, 6],
    ] as [number, number, number][];
    const indexed = encode({ width: 2, height: 1, data: new Uint8Array([1, 0]), channels: 1, palette });
    expect([...decodeImage(indexed).data]).toEqual([4, 5, 6, 1, 2, 3]);
  });

  test("a real picture has its size", () => {
    const { width, height, data } = decodeImage(demo("receipt.png"));
    expect([width, height, data.length]).toEqual([380, 480, 380 * 480 * 3]);
  });

  test.skipIf(absent !== "").each([
    ["text.png", 448, 172],
    ["page.png", 384, 191],
    ["street_sign.png", 640, 320],
  ])(`%s of the picture collection is %d x %d${absent}`, (file, width, height) => {
    const image = decodeImage(readFileSync(new URL(file, pictures)));
    expect([image.width, image.height, image.data.length]).toEqual([width, height, width * height * 3]);
  });

  test("a header that claims another size, a bomb, cut and flipped files give typed errors", () => {
    const huge = encodePng(gradient(5, 3));
    huge.set([0x7f, 0xff, 0xff, 0xff], 16);
    expect(codeOf(() => decodeImage(huge))).toBe("FORMAT");
    const noise = new Uint8Array(3 * 700 * 700);
    for (let i = 0, state = 1; i < noise.length; i++) noise[i] = (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 24;
    const bomb = encodePng({ width: 700, height: 700, data: noise });
    bomb.set([0, 0, 0, 9], 20);
    expect(codeOf(() => decodeImage(bomb))).toBe("FORMAT");
    const good = encodePng(gradient(9, 7));
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), fc.nat(good.length), (at, value, length) => {
        const bytes = good.slice();
        bytes[at] = value;
        expect(codeOf(() => decodeImage(bytes.subarray(0, length)))).toMatch(/^(none|FORMAT)$/);
      }),
      { seed: 1, numRuns: 300 },
    );
  });
});

/** A chunk of a PNG file, with its check sum (PNG specification, section 5.3 and annex D). */
function chunk(type: string, content: Uint8Array): Uint8Array {
  const body = new Uint8Array(content.length + 4);
  body.set([...type].map((c) => c.charCodeAt(0)));
  body.set(content, 4);
  let crc = -1;
  for (const byte of body) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  const whole = new Uint8Array(content.length + 12);
  const view = new DataView(whole.buffer);
  view.setUint32(0, content.length);
  whole.set(body, 4);
  view.setUint32(content.length + 8, ~crc);
  return whole;
}

describe("png bombs", () => {
  const image = gradient(5, 3);
  const good = encodePng(image);
  const unpacksFar = zlibSync(new Uint8Array(64 << 20), { level: 1 });
  /** `good` with a chunk behind its header. */
  const withChunk = (type: string, content: Uint8Array): Uint8Array =>
    Uint8Array.from([...good.subarray(0, 33), ...chunk(type, content), ...good.subarray(33)]);
  const name = [0x61, 0, 0];

  test.each([
    ["a colour profile", "iCCP", Uint8Array.from([...name, ...unpacksFar])],
    ["a text", "zTXt", Uint8Array.from([...name, ...unpacksFar])],
    ["an international text", "iTXt", Uint8Array.from([0x61, 0, 1, 0, 0, 0, ...unpacksFar])],
    ["a chunk of nobody", "vnTr", unpacksFar],
  ])("%s is not unpacked", (_, type, content) => {
    const bytes = withChunk(type, content);
    const before = process.memoryUsage().arrayBuffers;
    expect(decodeImage(bytes)).toEqual(image);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16e6);
  });

  test("pixels that unpack to more than the picture's size are refused before they are", () => {
    const header = good.subarray(0, 33);
    const pixels = zlibSync(new Uint8Array(80 << 20), { level: 1 });
    const bytes = Uint8Array.from([...header, ...chunk("IDAT", pixels), ...good.subarray(good.length - 12)]);
    const before = process.memoryUsage().arrayBuffers;
    expect(codeOf(() => decodeImage(bytes))).toBe("FORMAT");
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32e6);
  });
});

describe("jpeg", () => {
  const rgba = new Uint8Array(16 * 8 * 4).fill(200);
  const jpeg = Uint8Array.from(encodeJpeg({ width: 16, height: 8, data: rgba }, 90).data);

  test("decodes to RGB", () => {
    const image = decodeImage(jpeg);
    expect([image.width, image.height, image.data.length]).toEqual([16, 8, 16 * 8 * 3]);
    for (const value of image.data) expect(Math.abs(value - 200)).toBeLessThanOrEqual(3);
  });

  test("stands upright as its EXIF orientation says", () => {
    // APP1 "Exif\0\0", a big-endian TIFF header, one entry: tag 0x0112, type SHORT, count 1, value 6.
    const app1 = [
      0xff, 0xe1, 0, 34, 0x45, 0x78, 0x69, 0x66, 0, 0, 0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0,
      0,
    ];
    const turned = Uint8Array.from([...jpeg.subarray(0, 2), ...app1, ...jpeg.subarray(2)]);
    expect(exifOrientation(turned)).toBe(6);
    const image = decodeImage(turned);
    expect([image.width, image.height]).toEqual([8, 16]);
    // Stored 2 x 1: left pixel 1, right pixel 2. Turned clockwise the left pixel is on top.
    const stored = { width: 2, height: 1, data: new Uint8Array([1, 1, 1, 2, 2, 2]) };
    expect([...applyOrientation(stored, 6).data]).toEqual([1, 1, 1, 2, 2, 2]);
    expect([...applyOrientation(stored, 8).data]).toEqual([2, 2, 2, 1, 1, 1]);
    expect([...applyOrientation(stored, 2).data]).toEqual([2, 2, 2, 1, 1, 1]);
  });

  test("cut and flipped files give typed errors", () => {
    expect(codeOf(() => decodeImage(new Uint8Array([1, 2, 3])))).toBe("FORMAT");
    fc.assert(
      fc.property(fc.nat(jpeg.length - 1), fc.nat(255), fc.nat(jpeg.length), (at, value, length) => {
        const bytes = jpeg.slice();
        bytes[at] = value;
        expect(codeOf(() => decodeImage(bytes.subarray(0, length)))).toMatch(/^(none|FORMAT)$/);
      }),
      { seed: 1, numRuns: 300 },
    );
  });
});

describe("resize", () => {
  test("interpolates between pixel centres and repeats the border", () => {
    const image = { width: 2, height: 1, data: new Uint8Array([0, 0, 0, 100, 100, 100]) };
    expect([...resizeImage(image, 4, 2).data].filter((_, i) => i % 3 === 0)).toEqual([0, 25, 75, 100, 0, 25, 75, 100]);
  });
});
