import { MVN6 } from "../normalization/mvn.ts";

/** Operations, or versions of them, that opset6 introduced. */
export const opset6 = [MVN6] as const;
