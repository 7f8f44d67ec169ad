import { Gelu2 } from "../elementwise/gelu.ts";
import { BatchToSpace2 } from "../movement/batch-to-space.ts";
import { SpaceToBatch2 } from "../movement/space-to-batch.ts";
import { MVN2 } from "../normalization/mvn.ts";

/** Operations, or versions of them, that opset2 introduced. */
export const opset2 = [BatchToSpace2, Gelu2, MVN2, SpaceToBatch2] as const;
