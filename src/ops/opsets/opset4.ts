import { Acosh4 } from "../elementwise/acosh.ts";
import { Asinh4 } from "../elementwise/asinh.ts";
import { Atanh4 } from "../elementwise/atanh.ts";
import { HSwish4 } from "../elementwise/h-swish.ts";
import { Mish4 } from "../elementwise/mish.ts";
import { SoftPlus4 } from "../elementwise/soft-plus.ts";
import { Swish4 } from "../elementwise/swish.ts";
import { Interpolate4 } from "../nn/interpolate.ts";
import { LSTMCell4 } from "../nn/lstm-cell.ts";
import { ReduceL14 } from "../reduction/reduce-l1.ts";
import { ReduceL24 } from "../reduction/reduce-l2.ts";
import { Range4 } from "../shape/range.ts";

/** Operations, or versions of them, that opset4 introduced. */
export const opset4 = [
  Acosh4,
  Asinh4,
  Atanh4,
  HSwish4,
  Interpolate4,
  LSTMCell4,
  Mish4,
  Range4,
  ReduceL14,
  ReduceL24,
  SoftPlus4,
  Swish4,
] as const;
