import type { OperationDefinition } from "../model/operation.ts";

/** Declares an operation; see model/operation.ts for the fields. */
export const defineOp = (definition: OperationDefinition): OperationDefinition => Object.freeze(definition);
