import { GatherElements6 } from "../movement/gather-elements.ts";
import { MVN6 } from "../normalization/mvn.ts";
import { Assign6 } from "../state/assign.ts";
import { ReadValue6 } from "../state/read-value.ts";

/** Operations, or versions of them, that opset6 introduced. */
export const opset6 = [Assign6, GatherElements6, MVN6, ReadValue6] as const;
