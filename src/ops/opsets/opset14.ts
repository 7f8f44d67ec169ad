import type { OperationDefinition } from "../../model/operation.ts";

/** Operations, or versions of them, that opset14 introduced. */
export const opset14: readonly OperationDefinition[] = [];
