import { rowMajorStrides, shapeSize } from "../../common/shape.ts";
import { ints, string } from "../../model/attribute.ts";
import type { Attributes } from "../../model/attribute.ts";
import type { InferContext } from "../../model/operation.ts";
import { type Dimension, isKnown } from "../../tensor/dimension.ts";
import { multiplyDimensions } from "../../tensor/dimension-arithmetic.ts";
import { spatialAxes, windowOutputs } from "../nn/spatial-geometry.ts";
import { defineOp } from "../define-op.ts";
import { outputSpec } from "../output-spec.ts";
import { allocateRaw, rawElements, tensorOfRaw } from "./raw-elements.ts";

/** The patches as windows of a pooling: `rates` are dilations. */
const asWindow = (context: Pick<InferContext, "fail">, attributes: Attributes): Pick<InferContext, "attributes" | "fail"> => ({
  fail: context.fail,
  attributes: { strides: attributes.strides, dilations: attributes.rates, auto_pad: attributes.auto_pad },
});

/** Patches of an image as channels: [N, C, H, W] to [N, size0 * size1 * C, rows, columns], channels innermost. */
export const ExtractImagePatches3 = defineOp({
  type: "ExtractImagePatches",
  since: "opset3",
  attributes: {
    sizes: ints(),
    strides: ints(),
    rates: ints(),
    auto_pad: string({ oneOf: ["same_upper", "same_lower", "valid"] }),
  },
  inputs: 1,
  infer: (context) => {
    const data = context.inputs[0];
    const sizes = context.attributes.sizes;
    if (sizes.length !== 2 || sizes.some((s) => s < 1))
      context.fail('attribute "sizes" must hold two positive lengths', { got: `[${sizes}]` });
    const dimensions = data.partialShape.dimensions;
    if (dimensions === undefined) return [outputSpec(data.elementType, undefined)];
    if (dimensions.length !== 4) context.fail("the data must have four dimensions", { got: `${data.partialShape}` });
    const [batch, channels, ...image] = dimensions;
    const rows = windowOutputs(asWindow(context, context.attributes), image, sizes);
    const depth: Dimension = isKnown(channels) ? channels * shapeSize(sizes) : multiplyDimensions(channels, shapeSize(sizes));
    return [outputSpec(data.elementType, [batch, depth, ...rows])];
  },
  evaluate: ({ node, attributes, inputs: [data] }) => {
    const sizes = attributes.sizes;
    const window = asWindow({ fail: node.fail.bind(node) }, attributes);
    const [batch, channels, ...image] = data.shape;
    const output = windowOutputs(window, image, sizes) as number[];
    const [y, x] = spatialAxes(window, image, output, sizes);
    const shape = [batch, channels * shapeSize(sizes), ...output];
    const strides = rowMajorStrides(data.shape);
    const from = rawElements(data) as Float32Array;
    const to = allocateRaw(data.elementType, shapeSize(shape)) as Float32Array;
    let at = 0;
    for (let n = 0; n < batch; n++)
      for (let ky = 0; ky < y.kernel; ky++)
        for (let kx = 0; kx < x.kernel; kx++)
          for (let c = 0; c < channels; c++)
            for (let oy = 0; oy < y.output; oy++)
              for (let ox = 0; ox < x.output; ox++, at++) {
                const iy = oy * y.stride - y.padBegin + ky * y.dilation;
                const ix = ox * x.stride - x.padBegin + kx * x.dilation;
                if (iy >= 0 && iy < y.input && ix >= 0 && ix < x.input)
                  to[at] = from[n * strides[0] + c * strides[1] + iy * strides[2] + ix];
              }
    return [tensorOfRaw(data.elementType, shape, to)];
  },
});
