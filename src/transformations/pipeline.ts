import type { Model } from "../model/model.ts";
import { constantBranch } from "./eliminate/constant-branch.ts";
import { constantSelect } from "./eliminate/constant-select.ts";
import { mergeClamps } from "./eliminate/merge-clamps.ts";
import { neutralElement } from "./eliminate/neutral-element.ts";
import { noOpConvert } from "./eliminate/no-op-convert.ts";
import { noOpPad } from "./eliminate/no-op-pad.ts";
import { noOpShapeChange } from "./eliminate/no-op-shape-change.ts";
import { noOpSlice } from "./eliminate/no-op-slice.ts";
import { noOpTranspose } from "./eliminate/no-op-transpose.ts";
import { paddleBroadcast } from "./eliminate/paddle-broadcast.ts";
import { shareSubexpressions } from "./eliminate/share-subexpressions.ts";
import { singlePart } from "./eliminate/single-part.ts";
import { constantFolding } from "./fold/constant-folding.ts";
import { knownValues } from "./fold/known-values.ts";
import { scaledConstants } from "./fold/scaled-constants.ts";
import { reshapePattern } from "./fold/reshape-pattern.ts";
import { addBeforeConvolution } from "./fuse/add-before-convolution.ts";
import { addBeforeMatMul } from "./fuse/add-before-matmul.ts";
import { decomposeBatchNorm } from "./canonicalize/decompose-batch-norm.ts";
import { divideToMultiply } from "./canonicalize/divide-to-multiply.ts";
import { mergeConcats } from "./fuse/merge-concats.ts";
import { mergeLinear } from "./fuse/merge-linear.ts";
import { mergeReshapes } from "./fuse/merge-reshapes.ts";
import { mergeTransposes } from "./fuse/merge-transposes.ts";
import { multiplyAfterConvolution } from "./fuse/multiply-after-convolution.ts";
import { multiplyAfterMatMul } from "./fuse/multiply-after-matmul.ts";
import { multiplyBeforeConvolution } from "./fuse/multiply-before-convolution.ts";
import { padIntoWindow } from "./fuse/pad-into-window.ts";
import { multiplyBeforeMatMul } from "./fuse/multiply-before-matmul.ts";
import { negativeToMultiply } from "./canonicalize/negative-to-multiply.ts";
import { permuteChannels } from "./fuse/permute-channels.ts";
import { reshapeBeforePad } from "./fuse/reshape-before-pad.ts";
import { simplePower } from "./canonicalize/simple-power.ts";
import { subtractToAdd } from "./canonicalize/subtract-to-add.ts";
import { transposeIntoMatMul } from "./fuse/transpose-into-matmul.ts";
import { transposeToReshape } from "./canonicalize/transpose-to-reshape.ts";
import { ungroupedConvolution } from "./canonicalize/ungrouped-convolution.ts";
import { recognizeClamp } from "./recognize/clamp.ts";
import { recognizeDepthToSpace } from "./recognize/depth-to-space.ts";
import { recognizeGelu } from "./recognize/gelu.ts";
import { recognizeHSigmoid } from "./recognize/hsigmoid.ts";
import { recognizeHSwish } from "./recognize/hswish.ts";
import { recognizeLayerNorm } from "./recognize/layer-norm.ts";
import { recognizeMish } from "./recognize/mish.ts";
import { recognizeNormalizeL2 } from "./recognize/normalize-l2.ts";
import { recognizePRelu } from "./recognize/prelu.ts";
import { recognizeShuffleChannels } from "./recognize/shuffle-channels.ts";
import { recognizeSoftmax } from "./recognize/softmax.ts";
import { recognizeSoftPlus } from "./recognize/softplus.ts";
import { recognizeSwish } from "./recognize/swish.ts";
import { unflattenedSoftmax } from "./recognize/unflattened-softmax.ts";
import type { Rewrite } from "./rewrite.ts";
import { type RunOptions, runRewrites } from "./run-rewrites.ts";

export interface PipelineOptions extends RunOptions {
  /**
   * Take the model's present shapes for granted: for a device, which compiles one set of shapes. Otherwise, the default,
   * what depends on an activation's shape stays computed, so that the written model can be reshaped.
   */
  readonly useShapes?: boolean;
  /** Fold the f16-to-f32 Converts of compressed weights: for a device. By default they stay, for a model to be written. */
  readonly foldDecompression?: boolean;
}

/** Rewrites that run together, over the whole graph, until none applies. */
export interface Pass {
  readonly name: string;
  readonly rewrites: readonly Rewrite[];
}

/** All optimizations that hold for every device, in their order. */
export function pipeline({ useShapes = false, foldDecompression = false }: PipelineOptions = {}): readonly Pass[] {
  const fold = [scaledConstants, constantFolding({ keepDecompression: !foldDecompression }), knownValues({ useShapes }), reshapePattern];
  const eliminate = [
    noOpConvert,
    noOpShapeChange({ useShapes }),
    noOpTranspose,
    noOpSlice({ useShapes }),
    noOpPad,
    singlePart,
    neutralElement,
    constantSelect,
    constantBranch,
  ];
  const shapes = [mergeConcats, mergeTransposes, mergeReshapes, transposeIntoMatMul, ...(useShapes ? [transposeToReshape] : [])];
  return [
    { name: "normalize", rewrites: [paddleBroadcast] },
    { name: "simplify", rewrites: [...fold, ...eliminate, shareSubexpressions] },
    // before arithmetic is merged: a bias merged into "x + 3" would hide a hard swish
    {
      name: "recognize",
      rewrites: [
        recognizeClamp,
        mergeClamps,
        recognizeHSigmoid,
        recognizeHSwish,
        recognizeSoftPlus,
        recognizeMish,
        recognizeSwish,
        recognizeGelu,
        recognizeLayerNorm,
        recognizeNormalizeL2,
        recognizeSoftmax,
        unflattenedSoftmax,
        recognizePRelu,
        recognizeDepthToSpace,
        recognizeShuffleChannels,
      ],
    },
    {
      name: "fuse-linear",
      rewrites: [
        ...permuteChannels,
        ...fold,
        ...eliminate,
        decomposeBatchNorm,
        divideToMultiply,
        subtractToAdd,
        negativeToMultiply,
        simplePower,
        mergeLinear,
      ],
    },
    {
      name: "fuse-weights",
      rewrites: [
        ungroupedConvolution,
        multiplyAfterConvolution,
        multiplyBeforeConvolution,
        addBeforeConvolution,
        multiplyAfterMatMul,
        multiplyBeforeMatMul,
        addBeforeMatMul,
        mergeLinear,
        ...eliminate,
      ],
    },
    { name: "fuse-movement", rewrites: [...shapes, reshapeBeforePad, padIntoWindow, ...fold, ...eliminate, shareSubexpressions] },
  ];
}

/** Optimizes a model in place, pass by pass. Gives how often each rewrite applied. */
export function optimize(model: Model, options: PipelineOptions = {}): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { rewrites } of pipeline(options))
    for (const [name, count] of runRewrites(model, rewrites, options)) counts.set(name, (counts.get(name) ?? 0) + count);
  return counts;
}
