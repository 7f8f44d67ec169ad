import { resizeImage } from "../../src/formats/image/resize-image.ts";
import type { RgbImage } from "../../src/formats/image/rgb-image.ts";
import { imageTensor, symmetric } from "./image-tensor.ts";
import type { Network } from "./network.ts";
import { turnAround } from "./straighten.ts";

const inputHeight = 48;
const inputWidth = 192;
/** How sure the network must be before a text is turned. */
const threshold = 0.9;

/** Turns a cut-out text that stands on its head. The network gives the probabilities of 0 and 180 degrees. */
export async function upright(network: Network, text: RgbImage): Promise<RgbImage> {
  const width = Math.min(inputWidth, Math.ceil((inputHeight * text.width) / text.height));
  const { data } = await network(imageTensor(resizeImage(text, width, inputHeight), symmetric, inputWidth));
  return Number(data[1]) > threshold ? turnAround(text) : text;
}
