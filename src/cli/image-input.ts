import { VintnerError } from "../common/errors.ts";
import { resizeImage } from "../formats/image/resize-image.ts";
import type { RgbImage } from "../formats/image/rgb-image.ts";
import type { Output } from "../model/output.ts";
import { type Dimension, isKnown } from "../tensor/dimension.ts";
import { tensorOfNumbers } from "../tensor/tensor-numbers.ts";
import type { Tensor } from "../tensor/tensor.ts";

interface ImageLayout {
  /** `NCHW`, `NHWC`, `CHW` or `HWC`. */
  readonly name: string;
  readonly channels: 1 | 3;
  readonly height: Dimension;
  readonly width: Dimension;
}

/** A picture as an input's tensor, and what was done to it. */
export interface ImageInput {
  readonly tensor: Tensor;
  readonly note: string;
}

/**
 * Makes a picture fit an input: resized bilinearly to its height and width where these are fixed, RGB or grey as it has 3 or 1
 * channels, in its layout and element type. Values stay 0 to 255. Throws INVALID_ARGUMENT where the input takes no picture.
 */
export function imageInput(image: RgbImage, input: Output): ImageInput {
  const layout = imageLayout(input);
  const width = nearest(layout.width, image.width);
  const height = nearest(layout.height, image.height);
  const resized = resizeImage(image, width, height);
  const { channels, name } = layout;
  const planes = name.indexOf("C") < name.indexOf("H");
  const count = width * height;
  const pixels = new Uint8Array(count * channels);
  for (let i = 0; i < count; i++) {
    const [r, g, b] = resized.data.subarray(3 * i, 3 * i + 3);
    const values = channels === 3 ? [r, g, b] : [Math.round(0.299 * r + 0.587 * g + 0.114 * b)];
    for (let c = 0; c < channels; c++) pixels[planes ? c * count + i : i * channels + c] = values[c];
  }
  const lengths: Readonly<Record<string, number>> = { N: 1, C: channels, H: height, W: width };
  const tensor = tensorOfNumbers(
    input.elementType,
    name.split("").map((axis) => lengths[axis]),
    pixels,
  );
  const resizedNote = resized === image ? "" : `, resized from ${image.width}x${image.height} (bilinear)`;
  const note = `${channels === 3 ? "RGB" : "grey"}, ${name}, ${input.elementType} values 0 to 255, ${width}x${height}${resizedNote}`;
  return { tensor, note };
}

function imageLayout(input: Output): ImageLayout {
  const dimensions = input.partialShape.dimensions;
  const fail = (): never => {
    throw new VintnerError("INVALID_ARGUMENT", {
      what: "this input takes no picture",
      where: `input "${input.anyName}"`,
      expected: "a shape such as [1,3,H,W], [1,H,W,3], [3,H,W] or [H,W,3], with 1 or 3 channels and a batch of 1",
      got: input.partialShape.toString(),
      hint: "Give a .npy, .npz or .bin file",
    });
  };
  if (dimensions === undefined || dimensions.length < 3 || dimensions.length > 4) return fail();
  const batched = dimensions.length === 4;
  if (batched && isKnown(dimensions[0]) && dimensions[0] !== 1) return fail();
  const [a, b, c] = batched ? dimensions.slice(1) : dimensions;
  const prefix = batched ? "N" : "";
  // Three channels on either side are clearer than one.
  for (const channels of [3, 1] as const) {
    if (a === channels) return { name: `${prefix}CHW`, channels, height: b, width: c };
    if (c === channels) return { name: `${prefix}HWC`, channels, height: a, width: b };
  }
  return isKnown(a) ? fail() : { name: `${prefix}CHW`, channels: 3, height: b, width: c };
}

/** The allowed length that is nearest to the picture's own. */
const nearest = (d: Dimension, own: number): number => (isKnown(d) ? d : Math.min(Math.max(own, d.min, 1), d.max));
