import { int } from "../../model/attribute.ts";
import { add, div, gt, le, max, min, mul, round, select, sub } from "../../model/scalar-expression.ts";
import { autoBroadcast } from "../auto-broadcast.ts";
import { defineElementwise } from "../define-elementwise.ts";

/**
 * Rounds to `levels` equal steps between the input bounds and maps these to the output bounds; beyond them the nearest
 * bound. Inputs: x, input low, input high, output low, output high, which broadcast.
 */
export const FakeQuantize = defineElementwise({
  type: "FakeQuantize",
  since: "opset1",
  inputs: 5,
  attributes: { levels: int(), ...autoBroadcast },
  scalar: ([x, inputLow, inputHigh, outputLow, outputHigh], { levels }) => {
    const steps = (levels as number) - 1;
    const step = round(mul(div(sub(x, inputLow), sub(inputHigh, inputLow)), steps));
    const inside = add(mul(div(step, steps), sub(outputHigh, outputLow)), outputLow);
    return select(le(x, min(inputLow, inputHigh)), outputLow, select(gt(x, max(inputLow, inputHigh)), outputHigh, inside));
  },
});
