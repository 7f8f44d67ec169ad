import type { Lowering } from "./lowering.ts";
import { compareLowering } from "./lowerings/compare.ts";
import { concatLowering } from "./lowerings/concat.ts";
import { convertLowering } from "./lowerings/convert.ts";
import { convolutionLowering } from "./lowerings/convolution.ts";
import { gatherLowering } from "./lowerings/gather.ts";
import { integerMatMulLowering } from "./lowerings/integer-mat-mul.ts";
import { interpolateLowering } from "./lowerings/interpolate.ts";
import { matMulLowering } from "./lowerings/mat-mul.ts";
import { padLowering } from "./lowerings/pad.ts";
import { poolingLowering } from "./lowerings/pooling.ts";
import { recurrentLowering } from "./lowerings/recurrent.ts";
import { meanVarianceLowering, reductionLowering, softmaxLowering } from "./lowerings/reduction.ts";
import { transposedConvolutionLowering } from "./lowerings/transposed-convolution.ts";
import {
  broadcastLowering,
  reshapeLowering,
  sliceLowering,
  splitLowering,
  stridedSliceLowering,
  tileLowering,
  transposeLowering,
} from "./lowerings/views.ts";

/** All lowerings: the place to add one. Element-wise operations need none. */
export const lowerings: readonly Lowering[] = [
  broadcastLowering,
  compareLowering,
  concatLowering,
  convertLowering,
  convolutionLowering,
  gatherLowering,
  integerMatMulLowering,
  interpolateLowering,
  matMulLowering,
  meanVarianceLowering,
  padLowering,
  poolingLowering,
  recurrentLowering,
  reductionLowering,
  reshapeLowering,
  sliceLowering,
  softmaxLowering,
  splitLowering,
  stridedSliceLowering,
  tileLowering,
  transposedConvolutionLowering,
  transposeLowering,
];

const byType: ReadonlyMap<string, Lowering> = new Map(lowerings.flatMap((l) => l.types.map((type) => [type, l])));

export type { Lowering } from "./lowering.ts";
export const loweringOf = (type: string): Lowering | undefined => byType.get(type);
