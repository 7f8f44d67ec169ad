import { IsFinite10 } from "../elementwise/is-finite.ts";
import { IsInf10 } from "../elementwise/is-inf.ts";
import { IsNaN10 } from "../elementwise/is-nan.ts";

/** Operations, or versions of them, that opset10 introduced. */
export const opset10 = [IsFinite10, IsInf10, IsNaN10] as const;
