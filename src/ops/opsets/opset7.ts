import type { OperationDefinition } from "../../model/operation.ts";
import { Gelu7 } from "../elementwise/gelu.ts";
import { Gather7 } from "../movement/gather.ts";

/** Operations, or versions of them, that opset7 introduced. */
export const opset7: readonly OperationDefinition[] = [Gather7, Gelu7];
