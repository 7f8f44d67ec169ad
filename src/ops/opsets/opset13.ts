import type { OperationDefinition } from "../../model/operation.ts";

/** Operations, or versions of them, that opset13 introduced. */
export const opset13: readonly OperationDefinition[] = [];
