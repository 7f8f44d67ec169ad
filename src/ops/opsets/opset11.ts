import type { OperationDefinition } from "../../model/operation.ts";
import { TopK11 } from "../reduction/top-k.ts";

/** Operations, or versions of them, that opset11 introduced. */
export const opset11: readonly OperationDefinition[] = [TopK11];
