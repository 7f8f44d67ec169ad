import { VintnerError } from "../../common/errors.ts";
import type { Engine } from "../../kernel/engine.ts";
import type { Model } from "../../model/model.ts";
import { reshapeModel } from "../../model/reshape.ts";
import { PartialShape } from "../../tensor/partial-shape.ts";
import { optimize } from "../../transformations/pipeline.ts";
import type { DeviceRequest, Executable } from "../device.ts";
import type { PropertyValue } from "../property.ts";
import { ConstantPool } from "./constant-pool.ts";
import { CpuRequest } from "./cpu-request.ts";
import { lower } from "./lower.ts";
import { LruMap } from "./lru-map.ts";
import { shapeKey } from "./shape-key.ts";
import { type CpuProgram, planProgram, ProgramInstance } from "./program.ts";

/** Programs kept for the shapes met last. */
const mostPrograms = 32;

/** A model compiled for the CPU: one program for each set of input shapes, made when they are first met. */
export class CpuExecutable implements Executable {
  readonly model: Model;
  readonly engine: Engine;
  readonly profiling: boolean;
  readonly #constants: ConstantPool;
  readonly #programs = new LruMap<string, CpuProgram>(mostPrograms);
  readonly #requests = new Set<CpuRequest>();
  #ready: ProgramInstance | undefined;
  #disposed = false;

  constructor(model: Model, engine: Engine, profiling: boolean) {
    this.engine = engine;
    this.profiling = profiling;
    this.#constants = new ConstantPool(engine);
    this.model = model;
    optimize(model, { foldDecompression: true, useShapes: this.isStatic });
    // What was folded may tell more of the shapes.
    model.validate();
    // Code is generated here, not at the first inference; the first request takes the memory over.
    if (this.isStatic) this.#ready = new ProgramInstance(this.program(model.inputs.map((i) => i.shape)), engine);
  }

  /** Whether one program serves all inferences. */
  get isStatic(): boolean {
    return this.model.inputs.every((i) => i.partialShape.isStatic);
  }

  /** The program for these input shapes. */
  program(shapes: readonly (readonly number[])[]): CpuProgram {
    if (this.#disposed)
      throw new VintnerError("INVALID_ARGUMENT", { what: "the compiled model has been disposed", where: `model "${this.model.name}"` });
    return this.#programs.get(shapeKey(shapes), () =>
      planProgram(lower(this.#ofShapes(shapes), this.engine.target, this.engine.threads, this.#constants)),
    );
  }

  /** A program with memory of its own. */
  instance(shapes: readonly (readonly number[])[]): ProgramInstance {
    const program = this.program(shapes);
    const ready = this.#ready;
    if (ready?.program !== program) return new ProgramInstance(program, this.engine);
    this.#ready = undefined;
    return ready;
  }

  createRequest(): DeviceRequest {
    const request = new CpuRequest(this, (r) => this.#requests.delete(r));
    this.#requests.add(request);
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
    for (const request of this.#requests) request.dispose();
    this.#ready?.dispose();
    this.#constants.dispose();
    this.engine.dispose();
  }

  #ofShapes(shapes: readonly (readonly number[])[]): Model {
    const fixed = this.isStatic ? this.model : reshapeModel(this.model, new Map(shapes.map((s, i) => [i, new PartialShape(s)])));
    if (!this.isStatic) optimize(fixed, { foldDecompression: true, useShapes: true });
    const open = fixed.nodes().find((n) => n.outputs.some((o) => o.partialShape.isDynamic));
    if (open)
      throw new VintnerError("UNSUPPORTED", {
        what: "the output's shape depends on data, which the CPU device does not compute yet",
        where: open.where,
        got: open.outputs.map(String).join(", "),
        hint: "Use the device REFERENCE",
      });
    return fixed;
  }
}
