import { memoryLimit } from "#platform/memory";
import { nextTurn } from "#platform/event-loop";
import { VintnerError } from "../../common/errors.ts";
import { finish } from "../../model/evaluate-operation.ts";
import { evaluation, ModelPlans } from "../../model/evaluation.ts";
import type { Model } from "../../model/model.ts";
import type { Node } from "../../model/node.ts";
import type { VariableStates } from "../../model/variable-states.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { checkEvaluationMemory } from "../check-memory.ts";
import type { Executable, ProfilingEntry, SyncRequest } from "../device.ts";
import type { Config, PropertyValue } from "../property.ts";

/** Milliseconds for which an asynchronous inference holds the event loop, unless one evaluation takes longer. */
const sliceMilliseconds = 10;

/** A model on REFERENCE. For a dynamic model shapes are inferred anew for each set of input shapes. */
export class ReferenceExecutable implements Executable {
  readonly #config: Config;
  readonly #plans: ModelPlans;
  #disposed = false;

  constructor(model: Model, config: Config) {
    this.#config = config;
    const limit = (config["MAX_MEMORY_SIZE"] as number | undefined) ?? memoryLimit();
    this.#plans = new ModelPlans(model, (fixed) => checkEvaluationMemory(fixed, limit));
  }

  createRequest(): SyncRequest {
    return new ReferenceRequest((inputs, state) => this.#run(inputs, state), this.#config["PERF_COUNT"] === true);
  }

  getProperty(name: string): PropertyValue | undefined {
    return this.#config[name];
  }

  dispose(): void {
    this.#disposed = true;
    this.#plans.clear();
  }

  #run(inputs: readonly Tensor[], state: VariableStates | undefined): Generator<Node, Tensor[]> {
    if (this.#disposed) throw new VintnerError("DEVICE", { what: "the compiled model has been disposed of", where: "device REFERENCE" });
    return evaluation(this.#plans, this.#plans.planFor(inputs), inputs, state);
  }
}

type Run = (inputs: readonly Tensor[], state: VariableStates | undefined) => Generator<Node, Tensor[]>;

class ReferenceRequest implements SyncRequest {
  readonly #run: Run;
  readonly #profiled: boolean;
  #profile: readonly ProfilingEntry[] = [];

  constructor(run: Run, profiled: boolean) {
    this.#run = run;
    this.#profiled = profiled;
  }

  infer(inputs: readonly Tensor[], state?: VariableStates): Tensor[] {
    return finish(this.#measured(this.#run(inputs, state)));
  }

  async inferAsync(inputs: readonly Tensor[], state?: VariableStates): Promise<Tensor[]> {
    const steps = this.#measured(this.#run(inputs, state));
    await nextTurn();
    let sliceEnd = performance.now() + sliceMilliseconds;
    let next = steps.next();
    for (; next.done !== true; next = steps.next()) {
      if (performance.now() < sliceEnd) continue;
      await nextTurn();
      sliceEnd = performance.now() + sliceMilliseconds;
    }
    return next.value;
  }

  profile(): readonly ProfilingEntry[] {
    return this.#profile;
  }

  dispose(): void {
    this.#profile = [];
  }

  /** Notes what each node takes, those in loops with the time of all iterations. */
  *#measured(steps: Generator<Node, Tensor[]>): Generator<Node, Tensor[]> {
    if (!this.#profiled) return yield* steps;
    const microseconds = new Map<Node, number>();
    for (;;) {
      const begin = performance.now();
      const next = steps.next();
      const spent = (performance.now() - begin) * 1000;
      if (next.done === true) {
        this.#profile = [...microseconds].map(([{ friendlyName, type }, time]) => ({
          name: friendlyName,
          type,
          implementation: "evaluate",
          microseconds: time,
        }));
        return next.value;
      }
      const { role } = next.value.op;
      if (role === undefined || role === "sink") microseconds.set(next.value, (microseconds.get(next.value) ?? 0) + spent);
      yield next.value;
    }
  }
}
