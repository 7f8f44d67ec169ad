import { VintnerError } from "../../common/errors.ts";
import type { Engine } from "../../kernel/engine.ts";
import type { Model } from "../../model/model.ts";
import { reshapeModel } from "../../model/reshape.ts";
import { PartialShape } from "../../tensor/partial-shape.ts";
import { prepareModel } from "./preparation/prepare.ts";
import type { Executable, SyncRequest } from "../device.ts";
import { MemoryBudget } from "../memory-budget.ts";
import type { PropertyValue } from "../property.ts";
import { BodyCache } from "./body-cache.ts";
import { ConstantPool } from "./constant-pool.ts";
import { CpuRequest, type Instances } from "./cpu-request.ts";
import { LruMap } from "./lru-map.ts";
import { compileSegment, type Segment, type SegmentContext } from "./segment.ts";
import { SegmentInstance } from "./segment-instance.ts";
import { shapeKey } from "./shape-key.ts";

/** Segments kept for the input shapes met last. */
const mostSegments = 32;
/** Instances that each request keeps for the input shapes met last. */
const mostInstances = 8;

/** Frees what requests have that nobody holds any more, and that nobody disposed of. */
const abandoned = new FinalizationRegistry<() => void>((free) => free());

/** A model compiled for the CPU: for each set of input shapes one segment, made when they are first met, and those behind it. */
export class CpuExecutable implements Executable {
  readonly model: Model;
  readonly engine: Engine;
  readonly isProfiled: boolean;
  readonly #streams: number;
  readonly #context: SegmentContext;
  readonly #segments = new LruMap<string, Segment>(mostSegments);
  /** Of each request that there is; the requests themselves are their users' alone. */
  readonly #requests = new Set<Instances>();
  #ready: SegmentInstance | undefined;
  #disposed = false;

  /**
   * `budget` bounds the memory of all its requests; `streams` are the inferences at the same time for which the engine has threads.
   * Throws OUT_OF_MEMORY.
   */
  constructor(model: Model, engine: Engine, isProfiled: boolean, budget: MemoryBudget = new MemoryBudget(), streams = 1) {
    this.engine = engine;
    this.#streams = streams;
    this.isProfiled = isProfiled;
    const bodies = new BodyCache<Segment>((body) => {
      prepareModel(body, { useShapes: true });
      return compileSegment(body, this.#context);
    });
    this.#context = { engine, constants: new ConstantPool(engine, budget), budget, bodies };
    this.model = model;
    prepareModel(model, { useShapes: this.isStatic });
    // What was folded may tell more of the shapes.
    model.validate();
    // Code is generated here, not at the first inference; the first request takes the memory over.
    if (this.isStatic) this.#ready = new SegmentInstance(this.segment(model.inputs.map((i) => i.shape)), this.#context);
  }

  /** Whether one segment serves all inferences. */
  get isStatic(): boolean {
    return this.model.inputs.every((i) => i.partialShape.isStatic);
  }

  get hasStableMemory(): boolean {
    return this.engine.hasStableMemory;
  }

  /** The first segment for these input shapes. */
  segment(shapes: readonly (readonly number[])[]): Segment {
    if (this.#disposed)
      throw new VintnerError("INVALID_ARGUMENT", { what: "the compiled model has been disposed", where: `model "${this.model.name}"` });
    return this.#segments.get(shapeKey(shapes), () => {
      const fixed = this.isStatic ? this.model : reshapeModel(this.model, new Map(shapes.map((s, i) => [i, new PartialShape(s)])));
      if (!this.isStatic) prepareModel(fixed, { useShapes: true });
      return compileSegment(fixed, this.#context);
    });
  }

  /** Memory and code for inferences of these input shapes. */
  instance(shapes: readonly (readonly number[])[]): SegmentInstance {
    const segment = this.segment(shapes);
    const ready = this.#ready?.segment === segment ? this.#ready : undefined;
    if (ready) this.#ready = undefined;
    return ready ?? new SegmentInstance(segment, this.#context);
  }

  createRequest(): SyncRequest {
    const instances: Instances = new LruMap(mostInstances, (instance) => instance.dispose());
    this.#requests.add(instances);
    const free = (): void => {
      this.#requests.delete(instances);
      abandoned.unregister(instances);
      instances.clear();
    };
    const request = new CpuRequest(this, instances, free);
    abandoned.register(request, free, instances);
    return request;
  }

  getProperty(name: string): PropertyValue | undefined {
    if (name === "CPU_TARGET") return this.engine.target.name;
    if (name === "INFERENCE_NUM_THREADS") return this.engine.threads * this.#streams;
    if (name === "NUM_STREAMS" || name === "OPTIMAL_NUMBER_OF_INFER_REQUESTS") return this.#streams;
    if (name === "MAX_MEMORY_SIZE") return this.#context.budget.limit;
    return undefined;
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const instances of this.#requests) instances.clear();
    this.#ready?.dispose();
    this.#context.constants.dispose();
    this.engine.dispose();
  }
}
