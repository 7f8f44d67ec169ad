import { Gelu2 } from "../elementwise/gelu.ts";
import { MVN2 } from "../normalization/mvn.ts";

/** Operations, or versions of them, that opset2 introduced. */
export const opset2 = [Gelu2, MVN2] as const;
