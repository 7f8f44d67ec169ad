import { GatherElements6 } from "../movement/gather-elements.ts";
import { MVN6 } from "../normalization/mvn.ts";

/** Operations, or versions of them, that opset6 introduced. */
export const opset6 = [GatherElements6, MVN6] as const;
