import { basename, extname } from "node:path";
import { readFile } from "#platform/files";
import { VintnerError } from "../common/errors.ts";
import { shapeSize } from "../common/shape.ts";
import { decodeImage } from "../formats/image/decode-image.ts";
import { readNpy } from "../formats/npy/npy.ts";
import { readNpz } from "../formats/npy/npz.ts";
import { portNames } from "../model/model.ts";
import type { Output } from "../model/output.ts";
import { isKnown } from "../tensor/dimension.ts";
import { byteLengthOf, elementTypes } from "../tensor/element-type.ts";
import { Tensor } from "../tensor/tensor.ts";
import { imageInput } from "./image-input.ts";

const known = ".npy, .npz, .png, .jpg, .jpeg or .bin";

/** Reads one file as the tensor of one input. `note` hears what was done to a picture. */
export async function readInput(path: string, input: Output, note: (text: string) => void): Promise<Tensor> {
  const extension = extname(path).toLowerCase();
  if (![".npy", ".npz", ".png", ".jpg", ".jpeg", ".bin"].includes(extension))
    throw new VintnerError("INVALID_ARGUMENT", { what: "unknown kind of input file", where: path, expected: known });
  const bytes = await readFile(path);
  if (extension === ".npy") return readNpy(bytes, path);
  if (extension === ".npz") return fromArchive(readNpz(bytes, path), input, path);
  if (extension === ".bin") return fromRawBytes(bytes, input, path);
  const { tensor, note: done } = imageInput(decodeImage(bytes, path), input);
  note(`input "${input.anyName}": ${basename(path)} as ${done}`);
  return tensor;
}

/** Reads an archive as all inputs: by tensor name, or input_0, input_1 ... in the model's order; other arrays are left out. */
export async function readInputs(path: string, inputs: readonly Output[]): Promise<Map<Output, Tensor>> {
  const arrays = readNpz(await readFile(path), path);
  const found = new Map<Output, Tensor>();
  for (const [i, input] of inputs.entries()) {
    const key = [...portNames(input), `input_${i}`].find((name) => arrays.has(name));
    const tensor = key === undefined ? undefined : arrays.get(key);
    if (tensor) found.set(input, tensor);
  }
  if (found.size === 0 && inputs.length > 0)
    throw new VintnerError("INVALID_ARGUMENT", {
      what: "no array of the archive belongs to an input",
      where: path,
      expected: inputs.map((input, i) => `"${input.anyName}" or "input_${i}"`).join(", "),
      got: [...arrays.keys()].map((name) => `"${name}"`).join(", ") || "an empty archive",
    });
  return found;
}

function fromArchive(arrays: ReadonlyMap<string, Tensor>, input: Output, path: string): Tensor {
  const name = portNames(input).find((n) => arrays.has(n));
  const tensor = name === undefined && arrays.size === 1 ? [...arrays.values()][0] : arrays.get(name ?? "");
  if (tensor) return tensor;
  throw new VintnerError("INVALID_ARGUMENT", {
    what: "the archive has no array for this input",
    where: `input "${input.anyName}", ${path}`,
    expected: `an array named ${portNames(input)
      .map((n) => `"${n}"`)
      .join(" or ")}, or only one array`,
    got: [...arrays.keys()].map((n) => `"${n}"`).join(", ") || "an empty archive",
  });
}

/** Raw little-endian elements; one unknown length follows from the file's size. */
function fromRawBytes(bytes: Uint8Array, input: Output, path: string): Tensor {
  const { elementType, partialShape } = input;
  const where = `input "${input.anyName}", ${path}`;
  const dimensions = partialShape.dimensions;
  const unknown = dimensions?.filter((d) => !isKnown(d)).length ?? Number.POSITIVE_INFINITY;
  if (dimensions === undefined || unknown > 1 || elementTypes[elementType].bits === 0)
    throw new VintnerError("INVALID_ARGUMENT", {
      what: "the shape of raw data is not known",
      where,
      got: `${elementType}${partialShape}`,
      hint: "Give a .npy or .npz file, which says its shape",
    });
  const rest = shapeSize(dimensions.filter(isKnown));
  const perStep = byteLengthOf(elementType, rest);
  const length = unknown === 0 ? 1 : Math.floor(bytes.length / Math.max(perStep, 1));
  if (bytes.length !== perStep * length)
    throw new VintnerError("INVALID_ARGUMENT", {
      what: "the file does not fill the input",
      where,
      expected: `${unknown === 0 ? "" : "a multiple of "}${perStep} bytes for ${elementType}${partialShape}`,
      got: `${bytes.length}`,
    });
  const { array: ArrayType } = elementTypes[elementType];
  const copy = bytes.slice();
  const shape = dimensions.map((d) => (isKnown(d) ? d : length));
  return new Tensor(elementType, shape, new ArrayType(copy.buffer, 0, copy.length / ArrayType.BYTES_PER_ELEMENT));
}
