import type { RgbImage } from "../../src/formats/image/rgb-image.ts";
import type { Characters } from "./ctc.ts";
import { detectText } from "./detect-text.ts";
import type { Network } from "./network.ts";
import type { Quadrilateral } from "./quadrilateral.ts";
import { readingOrder } from "./reading-order.ts";
import { recognizeText } from "./recognize-text.ts";
import { straighten } from "./straighten.ts";
import { upright } from "./upright.ts";

/** The three networks of PP-OCRv4 and the characters of the recognition's classes. */
export interface TextReader {
  readonly detection: Network;
  readonly angle: Network;
  readonly recognition: Network;
  readonly characters: Characters;
}

/** A piece of text: where it stands and what it says. */
export interface TextPiece {
  readonly corners: Quadrilateral;
  readonly text: string;
  readonly confidence: number;
}

/** The pieces that stand on one line, from the left. */
export interface TextLine {
  readonly pieces: readonly TextPiece[];
  readonly text: string;
  /** Mean over the characters. */
  readonly confidence: number;
}

export type Stage = "detection" | "angle" | "recognition";

export interface ReadTextOptions {
  /** Told after each step of a stage: how many of how many are done, and what it took in milliseconds. */
  readonly onStep?: (stage: Stage, done: number, total: number, milliseconds: number) => void;
}

/** Texts of which the network is less sure are taken for noise. */
const leastConfidence = 0.5;

/** Reads all text of a picture: finds the boxes, lays each flat and upright, recognizes its characters, and orders them in lines. */
export async function readText(reader: TextReader, image: RgbImage, { onStep }: ReadTextOptions = {}): Promise<TextLine[]> {
  const step = async <T>(stage: Stage, done: number, total: number, run: () => Promise<T>): Promise<T> => {
    const start = performance.now();
    const result = await run();
    onStep?.(stage, done, total, performance.now() - start);
    return result;
  };
  const boxes = await step("detection", 1, 1, () => detectText(reader.detection, image));
  const texts: RgbImage[] = [];
  for (const [i, { corners }] of boxes.entries())
    texts.push(await step("angle", i + 1, boxes.length, () => upright(reader.angle, straighten(image, corners))));
  const pieces: TextPiece[] = [];
  for (const [i, { corners }] of boxes.entries()) {
    const { text, confidence } = await step("recognition", i + 1, boxes.length, () =>
      recognizeText(reader.recognition, reader.characters, texts[i]),
    );
    if (confidence >= leastConfidence) pieces.push({ corners, text, confidence });
  }
  return readingOrder(pieces).map(joinPieces);
}

function joinPieces(pieces: readonly TextPiece[]): TextLine {
  const characters = pieces.reduce((sum, { text }) => sum + text.length, 0);
  const weighted = pieces.reduce((sum, { text, confidence }) => sum + text.length * confidence, 0);
  return { pieces, text: pieces.map(({ text }) => text).join(" "), confidence: characters === 0 ? 0 : weighted / characters };
}
