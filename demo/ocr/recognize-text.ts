import { resizeImage } from "../../src/formats/image/resize-image.ts";
import type { RgbImage } from "../../src/formats/image/rgb-image.ts";
import { type Characters, decodeGreedily, type DecodedText } from "./ctc.ts";
import { imageTensor, symmetric } from "./image-tensor.ts";
import type { Network } from "./network.ts";

const inputHeight = 48;
/** Shorter texts are padded to this width, as in training. */
const leastWidth = 320;
/** Longer ones to a multiple, so that texts of about one length share a compiled program. */
const widthStep = 64;

/** Reads a cut-out, upright text of one line. */
export async function recognizeText(network: Network, characters: Characters, text: RgbImage): Promise<DecodedText> {
  const width = Math.max(1, Math.ceil((inputHeight * text.width) / text.height));
  const padded = Math.max(leastWidth, Math.ceil(width / widthStep) * widthStep);
  const probabilities = await network(imageTensor(resizeImage(text, width, inputHeight), symmetric, padded));
  const [, steps, classes] = probabilities.shape;
  return decodeGreedily(probabilities.data as Float32Array, steps, classes, characters);
}
