import type { OperationDefinition } from "../../model/operation.ts";
import { Identity16 } from "../elementwise/identity.ts";

/** Operations, or versions of them, that opset16 introduced. */
export const opset16: readonly OperationDefinition[] = [Identity16];
