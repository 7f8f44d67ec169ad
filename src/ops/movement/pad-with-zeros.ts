import { rowMajorStrides, sameShape, shapeSize } from "../../common/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { allocateRaw, rawElements, tensorOfRaw } from "./raw-elements.ts";
import { copyStrided } from "./strided-copy.ts";

/** Zeros around the data; `begins` and `ends` hold one number an axis from the first on, missing ones mean 0. */
export function padWithZeros(data: Tensor, begins: readonly number[], ends: readonly number[]): Tensor {
  const shape = data.shape.map((d, i) => d + (begins[i] ?? 0) + (ends[i] ?? 0));
  if (sameShape(shape, data.shape)) return data;
  const raw = allocateRaw(data.elementType, shapeSize(shape));
  const strides = rowMajorStrides(shape);
  copyStrided(
    data.shape,
    { data: rawElements(data), offset: 0, strides: rowMajorStrides(data.shape) },
    { data: raw, offset: strides.reduce((sum, s, i) => sum + s * (begins[i] ?? 0), 0), strides },
  );
  return tensorOfRaw(data.elementType, shape, raw);
}
