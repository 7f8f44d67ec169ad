import { GroupNormalization12 } from "../normalization/group-normalization.ts";

/** Operations, or versions of them, that opset12 introduced. */
export const opset12 = [GroupNormalization12] as const;
