import { invariant, VintnerError } from "../common/errors.ts";
import { PartialShape } from "../tensor/partial-shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import { finish, operationEvaluation, type RunBody } from "./evaluate-operation.ts";
import { type EvaluationPlan, type EvaluationStep, planEvaluation } from "./evaluation-plan.ts";
import type { Model } from "./model.ts";
import type { Node } from "./node.ts";
import type { Output } from "./output.ts";
import { reshapeModel } from "./reshape.ts";
import type { VariableStates } from "./variable-states.ts";

/** Plans of a dynamic model that are kept: those of the input shapes met last. */
const mostPlans = 8;

/** How a model is evaluated: a plan for each set of input shapes, with shapes inferred anew, and the same for the bodies inside. */
export class ModelPlans {
  readonly #model: Model;
  readonly #plans = new Map<string, EvaluationPlan>();
  readonly #bodies = new WeakMap<Model, ModelPlans>();
  readonly #check: (model: Model) => void;

  /** `check` may refuse a model of static shapes before it is planned. */
  constructor(model: Model, check: (model: Model) => void = () => undefined) {
    this.#model = model;
    this.#check = check;
    if (this.#isStatic) this.#plans.set("", this.#plan(model));
  }

  /** Shapes are inferred anew only where operations are taken apart, which may depend on them, or `always`. */
  planFor(inputs: readonly Tensor[], always = true): EvaluationPlan {
    const open = always ? undefined : this.#open();
    if (open !== undefined) return open;
    const fits = this.#isStatic && this.#model.inputs.every((input, i) => input.partialShape.accepts(inputs[i].shape));
    const key = fits ? "" : inputs.map((t) => t.shape.join(",")).join(";");
    const known = this.#plans.get(key);
    const shapes = new Map(inputs.map((tensor, i) => [i, new PartialShape(tensor.shape)]));
    const plan = known ?? this.#plan(fits ? this.#model : reshapeModel(this.#model, shapes));
    // Moves the plan to the end: the first is the one not used for longest.
    this.#plans.delete(key);
    this.#plans.set(key, plan);
    if (this.#plans.size > mostPlans) this.#plans.delete(this.#plans.keys().next().value as string);
    return plan;
  }

  /** Those of a body. */
  of(body: Model): ModelPlans {
    const known = this.#bodies.get(body);
    if (known) return known;
    const plans = new ModelPlans(body, this.#check);
    this.#bodies.set(body, plans);
    return plans;
  }

  clear(): void {
    this.#plans.clear();
  }

  get #isStatic(): boolean {
    return this.#model.inputs.every((i) => i.partialShape.isStatic);
  }

  /** A plan that serves all shapes. */
  #open(): EvaluationPlan | undefined {
    const key = "all shapes";
    const plan = this.#plans.get(key) ?? planEvaluation(this.#model);
    this.#plans.set(key, plan);
    return plan.isDecomposed ? undefined : plan;
  }

  #plan(model: Model): EvaluationPlan {
    this.#check(model);
    return planEvaluation(model);
  }
}

/** Evaluates a model on tensors, a node at a time. Yields each node when it is done, those in bodies too. */
export function* evaluation(
  plans: ModelPlans,
  plan: EvaluationPlan,
  inputs: readonly Tensor[],
  state?: VariableStates,
): Generator<Node, Tensor[]> {
  const run = yield* evaluateSteps(plans, plan, inputs, state);
  return run.ownResults();
}

function* evaluateSteps(
  plans: ModelPlans,
  plan: EvaluationPlan,
  inputs: readonly Tensor[],
  state: VariableStates | undefined,
): Generator<Node, Evaluation> {
  const run = new Evaluation(plan, inputs);
  const runBody = bodyRunner((body) => plans.of(body), state);
  for (const step of plan.steps) {
    run.finish(step, yield* operationEvaluation(step.node, run.inputsOf(step), state, runBody));
    yield step.node;
  }
  return run;
}

const bodyRunner = (plansOf: (body: Model) => ModelPlans, state: VariableStates | undefined): RunBody<Node> =>
  function* (node, call) {
    const plans = plansOf(node.bodies[call.body].model);
    const run = yield* evaluateSteps(plans, plans.planFor(call.inputs, false), call.inputs, state);
    return run.results();
  };

/** Plans of bodies whose nodes are evaluated alone. */
const plansOfBodies = new WeakMap<Model, ModelPlans>();

function plansOfBody(body: Model): ModelPlans {
  const plans = plansOfBodies.get(body) ?? new ModelPlans(body);
  plansOfBodies.set(body, plans);
  return plans;
}

/** The reference semantics of one node on tensors, at once, bodies included. Throws as `operationEvaluation` does. */
export const evaluateOperation = (node: Node, inputs: readonly Tensor[], state?: VariableStates): readonly Tensor[] =>
  finish(operationEvaluation(node, inputs, state, bodyRunner(plansOfBody, state)));

/** The tensors of one evaluation that are still needed. */
class Evaluation {
  readonly #plan: EvaluationPlan;
  readonly #tensors = new Map<Output, Tensor>();
  /** Memory that is not this evaluation's: the caller's and the constants'. */
  readonly #foreign = new Set<ArrayBufferLike>();

  constructor(plan: EvaluationPlan, inputs: readonly Tensor[]) {
    this.#plan = plan;
    for (const [i, input] of plan.model.inputs.entries()) this.#tensors.set(input, inputs[i]);
    for (const tensor of inputs) this.#foreign.add(tensor.data.buffer);
  }

  inputsOf({ inputs }: EvaluationStep): Tensor[] {
    return inputs.map((input) => this.#take(input));
  }

  /** Checks what a node gives against what was inferred, and lets go of what nothing reads any more. */
  finish({ node, lastUses }: EvaluationStep, results: readonly Tensor[]): void {
    invariant(results.length === node.outputs.length, `${node.where} gave ${results.length} outputs, not ${node.outputs.length}`);
    for (const [i, output] of node.outputs.entries()) {
      checkResult(node, output, results[i]);
      this.#tensors.set(output, results[i]);
    }
    // A variable's value belongs to the request, and a body may pass its own constants on.
    if (node.op.role === "constant" || node.op.state !== undefined || node.bodies.length > 0)
      for (const { data } of results) this.#foreign.add(data.buffer);
    for (const output of lastUses) this.#tensors.delete(output);
  }

  /** The model's results. They may share memory with each other, the inputs and constants. */
  results(): Tensor[] {
    return this.#plan.results.map((output) => this.#take(output));
  }

  /** The model's results, each in memory of its own. */
  ownResults(): Tensor[] {
    return this.results().map((tensor) => {
      const { buffer } = tensor.data;
      if (this.#foreign.has(buffer)) return new Tensor(tensor.elementType, tensor.shape, tensor.data.slice());
      this.#foreign.add(buffer);
      return tensor;
    });
  }

  #take(output: Output): Tensor {
    const tensor = this.#tensors.get(output);
    invariant(tensor !== undefined, `output ${output.anyName} is read before it is computed, or after it was freed`);
    return tensor;
  }
}

function checkResult(node: Node, output: Output, result: Tensor): void {
  const fits = result.elementType === output.elementType || output.elementType === "dynamic";
  if (fits && output.partialShape.accepts(result.shape)) return;
  throw new VintnerError("INTERNAL", {
    what: `${node.where} gave ${result.elementType}[${result.shape.join(",")}] where ${output} was inferred`,
    hint: "This is a defect in vintner: please report it",
  });
}
