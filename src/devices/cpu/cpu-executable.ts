import { VintnerError } from "../../common/errors.ts";
import type { Engine } from "../../kernel/engine.ts";
import { memoryElementBytes } from "../../kernel/kernel.ts";
import type { Model } from "../../model/model.ts";
import { reshapeModel } from "../../model/reshape.ts";
import { PartialShape } from "../../tensor/partial-shape.ts";
import { optimize } from "../../transformations/pipeline.ts";
import type { DeviceRequest, Executable } from "../device.ts";
import type { PropertyValue } from "../property.ts";
import { checkMemory } from "../check-memory.ts";
import { ConstantPool } from "./constant-pool.ts";
import { programIsMade, towardsProgram } from "./first-program.ts";
import { ReferenceExecutable } from "../reference/reference-executable.ts";
import { CpuRequest, type Inferences } from "./cpu-request.ts";
import { ProgramInference } from "./inference.ts";
import { memoryElementOf } from "./host-tensor.ts";
import { lower } from "./lower.ts";
import { LruMap } from "./lru-map.ts";
import { shapeKey } from "./shape-key.ts";
import { type CpuProgram, planProgram, ProgramInstance } from "./program.ts";

/** Programs kept for the shapes met last. */
const mostPrograms = 32;
/** Inferences that each request keeps for the shapes met last. */
const mostInferences = 8;

/** Frees what requests have that nobody holds any more, and that nobody disposed of. */
const abandoned = new FinalizationRegistry<() => void>((free) => free());

/** How inferences of one set of shapes run: by a program, or, where shapes inside depend on data, by the operations' own semantics. */
type Plan = { readonly kind: "program"; readonly program: CpuProgram } | { readonly kind: "host"; readonly host: ReferenceExecutable };

/** A model compiled for the CPU: one program for each set of input shapes, made when they are first met. */
export class CpuExecutable implements Executable {
  readonly model: Model;
  readonly engine: Engine;
  readonly #profiling: boolean;
  readonly #constants: ConstantPool;
  readonly #plans = new LruMap<string, Plan>(mostPrograms);
  /** Of each request that there is; the requests themselves are their users' alone. */
  readonly #inferences = new Set<Inferences>();
  #ready: ProgramInstance | undefined;
  #disposed = false;

  constructor(model: Model, engine: Engine, profiling: boolean) {
    this.engine = engine;
    this.#profiling = profiling;
    this.#constants = new ConstantPool(engine);
    this.model = model;
    optimize(model, { foldDecompression: true, useShapes: this.isStatic });
    // What was folded may tell more of the shapes.
    model.validate();
    // Code is generated here, not at the first inference; the first request takes the memory over.
    const program = this.isStatic ? this.program(model.inputs.map((i) => i.shape)) : undefined;
    if (program) this.#ready = this.#instance(program);
  }

  /** Whether one program serves all inferences. */
  get isStatic(): boolean {
    return this.model.inputs.every((i) => i.partialShape.isStatic);
  }

  get hasStableMemory(): boolean {
    return this.engine.hasStableMemory;
  }

  /** The program for these input shapes; undefined where shapes inside depend on data, so that none can be made. */
  program(shapes: readonly (readonly number[])[]): CpuProgram | undefined {
    const known = this.#plan(shapes);
    return known.kind === "program" ? known.program : undefined;
  }

  /** Memory and code for inferences of these input shapes. */
  inference(shapes: readonly (readonly number[])[]): DeviceRequest {
    const plan = this.#plan(shapes);
    if (plan.kind === "host") return plan.host.createRequest();
    const ready = this.#ready?.program === plan.program ? this.#ready : undefined;
    if (ready) this.#ready = undefined;
    return new ProgramInference(ready ?? this.#instance(plan.program), this.model, this.#profiling);
  }

  createRequest(): DeviceRequest {
    const inferences: Inferences = new LruMap(mostInferences, (inference) => inference.dispose());
    this.#inferences.add(inferences);
    const free = (): void => {
      this.#inferences.delete(inferences);
      abandoned.unregister(inferences);
      inferences.clear();
    };
    const request = new CpuRequest(this, inferences, free);
    abandoned.register(request, free, inferences);
    return request;
  }

  getProperty(name: string): PropertyValue | undefined {
    if (name === "CPU_TARGET") return this.engine.target.name;
    if (name === "INFERENCE_NUM_THREADS") return this.engine.threads;
    return undefined;
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const inferences of this.#inferences) inferences.clear();
    this.#ready?.dispose();
    this.#constants.dispose();
    this.engine.dispose();
  }

  #instance(program: CpuProgram): ProgramInstance {
    const instance = towardsProgram(this.model, () => new ProgramInstance(program, this.engine));
    programIsMade();
    return instance;
  }

  #plan(shapes: readonly (readonly number[])[]): Plan {
    if (this.#disposed)
      throw new VintnerError("INVALID_ARGUMENT", { what: "the compiled model has been disposed", where: `model "${this.model.name}"` });
    return this.#plans.get(shapeKey(shapes), () => {
      const fixed = this.isStatic ? this.model : reshapeModel(this.model, new Map(shapes.map((s, i) => [i, new PartialShape(s)])));
      if (!this.isStatic) optimize(fixed, { foldDecompression: true, useShapes: true });
      const isOpen = fixed.nodes().some((n) => n.outputs.some((o) => o.partialShape.isDynamic));
      if (!isOpen) checkMemory(fixed, this.engine.capacity, (type, count) => count * memoryElementBytes[memoryElementOf(type)]);
      if (isOpen) return { kind: "host", host: new ReferenceExecutable(fixed, { PERF_COUNT: this.#profiling }) };
      const { target, threads } = this.engine;
      return { kind: "program", program: towardsProgram(fixed, () => planProgram(lower(fixed, target, threads, this.#constants))) };
    });
  }
}
