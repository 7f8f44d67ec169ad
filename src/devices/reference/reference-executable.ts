import { nextTurn } from "#platform/event-loop";
import { invariant, VintnerError } from "../../common/errors.ts";
import { evaluateOperation } from "../../model/evaluate-operation.ts";
import type { Model } from "../../model/model.ts";
import type { Node } from "../../model/node.ts";
import type { Output } from "../../model/output.ts";
import { reshapeModel } from "../../model/reshape.ts";
import { PartialShape } from "../../tensor/partial-shape.ts";
import { Tensor } from "../../tensor/tensor.ts";
import type { DeviceRequest, Executable, ProfilingEntry } from "../device.ts";
import type { Config, PropertyValue } from "../property.ts";
import { type EvaluationPlan, type EvaluationStep, planEvaluation } from "./evaluation-plan.ts";

/** Plans of a dynamic model that are kept: those of the input shapes met last. */
const mostPlans = 8;
/** Milliseconds for which an asynchronous inference holds the event loop, unless one evaluation takes longer. */
const sliceMilliseconds = 10;

/** A model on REFERENCE. For a dynamic model shapes are inferred anew for each set of input shapes. */
export class ReferenceExecutable implements Executable {
  readonly #model: Model;
  readonly #config: Config;
  readonly #plans = new Map<string, EvaluationPlan>();
  #disposed = false;

  constructor(model: Model, config: Config) {
    this.#model = model;
    this.#config = config;
    if (this.#isStatic) this.#plans.set("", planEvaluation(model, this.#limit));
  }

  get #limit(): number | undefined {
    return this.#config["MAX_MEMORY_SIZE"] as number | undefined;
  }

  get #isStatic(): boolean {
    return this.#model.inputs.every((i) => i.partialShape.isStatic);
  }

  createRequest(): DeviceRequest {
    return new ReferenceRequest((inputs) => this.#planFor(inputs), this.#config["PERF_COUNT"] === true);
  }

  getProperty(name: string): PropertyValue | undefined {
    return this.#config[name];
  }

  dispose(): void {
    this.#disposed = true;
    this.#plans.clear();
  }

  #planFor(inputs: readonly Tensor[]): EvaluationPlan {
    if (this.#disposed) throw new VintnerError("DEVICE", { what: "the compiled model has been disposed of", where: "device REFERENCE" });
    const isStatic = this.#isStatic;
    const key = isStatic ? "" : inputs.map((t) => t.shape.join(",")).join(";");
    const known = this.#plans.get(key);
    const plan = known ?? planEvaluation(isStatic ? this.#model : reshapeModel(this.#model, shapesOf(inputs)), this.#limit);
    // Moves the plan to the end: the first is the one not used for longest.
    this.#plans.delete(key);
    this.#plans.set(key, plan);
    if (this.#plans.size > mostPlans) this.#plans.delete(this.#plans.keys().next().value as string);
    return plan;
  }
}

const shapesOf = (inputs: readonly Tensor[]): ReadonlyMap<number, PartialShape> =>
  new Map(inputs.map((tensor, i) => [i, new PartialShape(tensor.shape)]));

class ReferenceRequest implements DeviceRequest {
  readonly #planFor: (inputs: readonly Tensor[]) => EvaluationPlan;
  readonly #profiled: boolean;
  #profile: ProfilingEntry[] = [];

  constructor(planFor: (inputs: readonly Tensor[]) => EvaluationPlan, profiled: boolean) {
    this.#planFor = planFor;
    this.#profiled = profiled;
  }

  infer(inputs: readonly Tensor[]): Tensor[] {
    const run = new Evaluation(this.#planFor(inputs), inputs);
    const profile: ProfilingEntry[] = [];
    for (const step of run.plan.steps) this.#step(run, step, profile);
    this.#profile = profile;
    return run.results();
  }

  async inferAsync(inputs: readonly Tensor[]): Promise<Tensor[]> {
    const run = new Evaluation(this.#planFor(inputs), inputs);
    const profile: ProfilingEntry[] = [];
    await nextTurn();
    let sliceEnd = performance.now() + sliceMilliseconds;
    for (const step of run.plan.steps) {
      this.#step(run, step, profile);
      if (performance.now() < sliceEnd) continue;
      await nextTurn();
      sliceEnd = performance.now() + sliceMilliseconds;
    }
    this.#profile = profile;
    return run.results();
  }

  profile(): readonly ProfilingEntry[] {
    return this.#profile;
  }

  dispose(): void {
    this.#profile = [];
  }

  #step(run: Evaluation, step: EvaluationStep, profile: ProfilingEntry[]): void {
    if (!this.#profiled) return run.evaluate(step);
    const begin = performance.now();
    run.evaluate(step);
    const { node } = step;
    if (node.op.role === undefined || node.op.role === "sink")
      profile.push({
        name: node.friendlyName,
        type: node.type,
        implementation: "evaluate",
        microseconds: (performance.now() - begin) * 1000,
      });
  }
}

/** The tensors of one inference that are still needed. */
class Evaluation {
  readonly plan: EvaluationPlan;
  readonly #tensors = new Map<Output, Tensor>();
  /** Memory that is not this inference's: the caller's and the constants'. */
  readonly #foreign = new Set<ArrayBufferLike>();

  constructor(plan: EvaluationPlan, inputs: readonly Tensor[]) {
    this.plan = plan;
    for (const [i, input] of plan.model.inputs.entries()) this.#tensors.set(input, inputs[i]);
    for (const tensor of inputs) this.#foreign.add(tensor.data.buffer);
  }

  /** Runs one node, checks what it gives against what was inferred, and lets go of what nothing reads any more. */
  evaluate({ node, inputs, lastUses }: EvaluationStep): void {
    const tensors = inputs.map((input) => this.#take(input));
    const results = evaluateOperation(node, tensors);
    invariant(results.length === node.outputs.length, `${node.where} gave ${results.length} outputs, not ${node.outputs.length}`);
    for (const [i, output] of node.outputs.entries()) {
      checkResult(node, output, results[i]);
      this.#tensors.set(output, results[i]);
    }
    if (node.op.role === "constant") for (const { data } of results) this.#foreign.add(data.buffer);
    for (const output of lastUses) this.#tensors.delete(output);
  }

  /** The model's results, each in memory of its own. */
  results(): Tensor[] {
    return this.plan.results.map((output) => {
      const tensor = this.#take(output);
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
  invariant(
    fits && output.partialShape.accepts(result.shape),
    `${node.where} gave ${result.elementType}[${result.shape.join(",")}] where ${output} was inferred`,
  );
}
