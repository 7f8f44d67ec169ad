import { string } from "../../model/attribute.ts";
import type { InferContext } from "../../model/operation.ts";
import { anyDimension, type Dimension } from "../../tensor/dimension.ts";
import { type Rounding, type SpatialAxis, windowOutputs } from "./spatial-geometry.ts";

export const roundingType = string({ default: "floor", oneOf: ["floor", "ceil"] });
/** Since opset14: `ceil_torch` drops a last window that would start in the end's padding, as PyTorch does. */
export const torchRoundingType = string({ default: "floor", oneOf: ["floor", "ceil", "ceil_torch"] });

/** What all versions of pooling have. */
export type PoolingAttributes = { readonly kernel: readonly number[]; readonly rounding_type: Rounding };

/** The shape of a pooling of data [N, C, spatial...]. */
export function pooledShape(context: InferContext<PoolingAttributes>): readonly Dimension[] {
  const kernel = context.attributes.kernel;
  const data = context.inputs[0].partialShape;
  if (kernel.length < 1 || kernel.length > 3 || kernel.some((k) => k < 1))
    context.fail('attribute "kernel" must hold one to three positive lengths', { got: `[${kernel}]` });
  if (data.rank !== undefined && data.rank !== kernel.length + 2)
    context.fail("the kernel does not fit the data", {
      expected: `data of ${kernel.length + 2} dimensions (batch, channels, and one for each of the kernel)`,
      got: `data ${data}, kernel [${kernel}]`,
    });
  const dimensions = data.dimensions ?? new Array<Dimension>(kernel.length + 2).fill(anyDimension);
  return [...dimensions.slice(0, 2), ...windowOutputs(context, dimensions.slice(2), kernel, context.attributes.rounding_type)];
}

/** The windows of an axis: where in the input each begins, and how many of its taps lie there. */
interface PoolingWindows {
  readonly first: Int32Array;
  readonly taps: Int32Array;
}

/** See the type; nothing outside of the input is visited, however long a kernel is. */
export function poolingWindows(axis: SpatialAxis): PoolingWindows {
  const first = new Int32Array(axis.output);
  const taps = new Int32Array(axis.output);
  for (let o = 0; o < axis.output; o++) {
    const begin = o * axis.stride - axis.padBegin;
    const skipped = begin < 0 ? Math.ceil(-begin / axis.dilation) : 0;
    const inside = Math.min(axis.kernel, Math.ceil((axis.input - begin) / axis.dilation));
    first[o] = begin + skipped * axis.dilation;
    taps[o] = Math.max(0, inside - skipped);
  }
  return { first, taps };
}
