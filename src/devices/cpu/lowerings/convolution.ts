import type { Node } from "../../../model/node.ts";
import { convolutionGroup, type ConvolutionViews, finishConvolution, lowerConvolution } from "../lower-convolution.ts";
import type { Lowering } from "../lowering.ts";
import { hasSmallPositions, windowAxes } from "../window-axes.ts";
import type { View } from "../../../lowering/view.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import { type WeightAxes, weightNumbers } from "../weight-numbers.ts";

const rankOf = (node: Node): number => node.inputs[0].shape.length;

const axesOf = (node: Node): ReturnType<typeof windowAxes> => {
  const kernel = node.inputs[1].shape.slice(node.type === "GroupConvolution" ? 3 : 2);
  return windowAxes(node, node.inputs[0].shape.slice(2), node.outputs[0].shape.slice(2), kernel);
};

/** [group,] output, input, [y,] x. */
function axesOfWeights(rank: number, grouped: boolean): WeightAxes {
  const output = grouped ? 1 : 0;
  return {
    ...(grouped && { group: 0 }),
    output,
    input: output + 1,
    ...(rank === output + 4 && { y: { axis: output + 2 } }),
    x: { axis: rank - 1 },
  };
}

/** Convolution and GroupConvolution of one or two spatial dimensions with constant weights. */
export const convolutionLowering: Lowering = {
  types: ["Convolution", "GroupConvolution"],
  accepts: (node) =>
    (rankOf(node) === 3 || rankOf(node) === 4) &&
    node.inputs[0].elementType === "f32" &&
    node.inputs[1].constant !== undefined &&
    hasSmallPositions(axesOf(node)),
  takesEpilogue: () => true,
  lower(context, group) {
    const { anchor } = group;
    const grouped = anchor.type === "GroupConvolution";
    const weightShape = anchor.inputs[1].shape;
    const groups = grouped ? weightShape[0] : 1;
    const [y, x] = axesOf(anchor);
    const flat = (view: View): View =>
      view.shape.length === 4
        ? view
        : {
            ...view,
            shape: [view.shape[0], view.shape[1], 1, view.shape[2]],
            strides: [view.strides[0], view.strides[1], 0, view.strides[2]],
          };
    const views: ConvolutionViews = { input: flat(context.view(anchor.inputs[0])), groups, y, x };
    const result = convolutionGroup(context, group, flat);
    lowerConvolution(context, result, views, {
      key: context.keyOf(anchor.inputs[1]),
      read: () => weightNumbers(anchor.inputs[1].constant as Tensor, axesOfWeights(weightShape.length, grouped)),
      outputs: weightShape[grouped ? 1 : 0],
      inputs: weightShape[grouped ? 2 : 1],
    });
    finishConvolution(context, result);
  },
};
