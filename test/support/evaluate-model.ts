import { finish } from "../../src/model/evaluate-operation.ts";
import { evaluation, ModelPlans } from "../../src/model/evaluation.ts";
import type { Model } from "../../src/model/model.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

/** Runs every operation's own evaluation in order: independent of any device. */
export function evaluateModel(model: Model, inputs: readonly Tensor[]): Tensor[] {
  const plans = new ModelPlans(model);
  return finish(evaluation(plans, plans.planFor(inputs, false), inputs));
}
