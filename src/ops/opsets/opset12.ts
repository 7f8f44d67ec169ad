import type { OperationDefinition } from "../../model/operation.ts";
import { GroupNormalization12 } from "../normalization/group-normalization.ts";

/** Operations, or versions of them, that opset12 introduced. */
export const opset12: readonly OperationDefinition[] = [GroupNormalization12];
