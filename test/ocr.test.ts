import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadTextReader } from "../demo/networks.ts";
import { readText, type TextReader } from "../demo/ocr/read-text.ts";
import { turnAround } from "../demo/ocr/straighten.ts";
import { decodeImage } from "../src/formats/image/decode-image.ts";
import type { RgbImage } from "../src/formats/image/rgb-image.ts";

/** `OCR_DEVICE=REFERENCE` reads with the definitions of the operations: right but slow. */
const device = process.env["OCR_DEVICE"] ?? "CPU";
const images = resolve(import.meta.dirname, "../../shared/images");
const absent = existsSync(images) ? "" : " (skipped: ../shared/images is absent)";

interface Truth {
  readonly lines: readonly { readonly text: string }[];
}

/** Insertions, deletions and replacements that make one text of the other (Levenshtein). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
    row = next;
  }
  return row[b.length];
}

describe(`reading text with FP16 weights on ${device}`, () => {
  let folder: string;
  let reader: TextReader;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "vintner-ocr-"));
    reader = await loadTextReader({ device, folder, stage: (_, run) => run() });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const picture = (name: string): RgbImage => decodeImage(readFileSync(join(images, name)));
  const truth = (): Record<string, Truth> => JSON.parse(readFileSync(join(images, "text.json"), "utf8")) as Record<string, Truth>;

  test("the networks were converted to IR", () => {
    expect(readdirSync(folder).filter((file) => /\.(xml|bin)$/.test(file))).toHaveLength(6);
  });

  async function expectText(image: RgbImage, expected: readonly string[]): Promise<void> {
    const lines = await readText(reader, image);
    const wanted = expected.join("\n");
    const got = lines.map(({ text }) => text).join("\n");
    expect(editDistance(got, wanted), got).toBeLessThanOrEqual(0.02 * wanted.length);
    for (const { confidence } of lines) expect(confidence).toBeGreaterThan(0.9);
  }

  test("the receipt of the demo: 98 of 100 characters are right", async () => {
    const receipt = decodeImage(readFileSync(resolve(import.meta.dirname, "../demo/receipt.png")));
    await expectText(
      receipt,
      readFileSync(resolve(import.meta.dirname, "fixtures/receipt.txt"), "utf8")
        .trimEnd()
        .split("\n"),
    );
  });

  test.skipIf(absent).each(["text_line.png", "street_sign.png"])(`%s: 98 of 100 characters are right${absent}`, async (name) => {
    await expectText(
      picture(name),
      truth()[name].lines.map(({ text }) => text),
    );
  });

  test.skipIf(absent)(`a picture that stands on its head reads the same${absent}`, async () => {
    const lines = await readText(reader, turnAround(picture("text_line.png")));
    expect(lines.map(({ text }) => text)).toEqual(["Platform 9 3/4 B12"]);
  });
});
