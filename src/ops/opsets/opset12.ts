import { Pad12 } from "../movement/pad.ts";
import { ScatterElementsUpdate12 } from "../movement/scatter-elements-update.ts";
import { GroupNormalization12 } from "../normalization/group-normalization.ts";

/** Operations, or versions of them, that opset12 introduced. */
export const opset12 = [GroupNormalization12, Pad12, ScatterElementsUpdate12] as const;
