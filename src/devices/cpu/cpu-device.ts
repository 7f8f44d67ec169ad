import { hardwareConcurrency } from "#platform/processors";
import { allNodes } from "../../model/body.ts";
import { isEvaluable } from "../../model/evaluate-operation.ts";
import type { Model } from "../../model/model.ts";
import { cloneModel } from "../../model/clone.ts";
import type { Node } from "../../model/node.ts";
import { unsupportedOperations } from "../unsupported-operations.ts";
import type { Device, Executable, Stage, Support } from "../device.ts";
import { MemoryBudget, maxMemorySize } from "../memory-budget.ts";
import { choice, type Config, count, flag, type Properties, readOnly } from "../property.ts";
import { CpuExecutable } from "./cpu-executable.ts";
import { isElementwise } from "../../lowering/fuse.ts";
import { inspectStage } from "./inspect-stage.ts";
import { loweringOf } from "./lowerings.ts";
import { architecture, availableTargets, createEngine, selectTarget, targetChoices } from "./target-selection.ts";

const properties: Properties = {
  CPU_TARGET: choice(
    "What code is generated for; AUTO is the best that the machine has, x64 and wasm the best of their kind",
    ["AUTO", ...targetChoices],
    "AUTO",
  ),
  INFERENCE_NUM_THREADS: count("Threads that share an inference", 1, () => hardwareConcurrency()),
  MAX_MEMORY_SIZE: maxMemorySize,
  PERF_COUNT: flag("Measure each step of an inference", false),
  PERFORMANCE_HINT: choice("What to optimize for", ["LATENCY", "THROUGHPUT"], "LATENCY"),
  INFERENCE_PRECISION_HINT: choice("The type that floats are computed in", ["f32"], "f32"),
  EXECUTION_MODE_HINT: choice("Whether results may differ in the last bits for speed", ["PERFORMANCE", "ACCURACY"], "PERFORMANCE"),
  NUM_STREAMS: count("Inferences that run at the same time", 1, 1),
  AVAILABLE_TARGETS: readOnly("The values of CPU_TARGET that this machine runs", () => availableTargets()),
  FULL_DEVICE_NAME: readOnly("The device in words", () => `CPU by vintner, ${availableTargets()[0]}`),
  DEVICE_ARCHITECTURE: readOnly("What the best target is made for", () => architecture()),
  OPTIMIZATION_CAPABILITIES: readOnly("Types and features that are fast", ["FP32"]),
  OPTIMAL_NUMBER_OF_INFER_REQUESTS: readOnly("Requests that keep the device busy", 1),
};

const targetOf = (config: Config): string => selectTarget(config["CPU_TARGET"] === "AUTO" ? undefined : String(config["CPU_TARGET"]));

const budgetOf = (config: Config): MemoryBudget => new MemoryBudget(config["MAX_MEMORY_SIZE"] as number);

function support(node: Node): Support {
  if (isStatic(node) && (isElementwise(node) || loweringOf(node.type)?.accepts(node, () => true) === true))
    return { supported: true, reason: "kernel" };
  if (loweringOf(node.type) !== undefined || node.op.scalar !== undefined)
    return {
      supported: true,
      reason: isStatic(node) ? "host: no kernel for these types, attributes or ranks" : "kernel, once the shapes are known",
    };
  if (node.op.control !== undefined) return { supported: true, reason: "programs for its bodies, run from the host" };
  if (isEvaluable(node.op)) return { supported: true, reason: "host: no kernel for this operation" };
  return { supported: false, reason: "neither a kernel nor reference semantics" };
}

const isStatic = (node: Node): boolean => [...node.inputs, ...node.outputs].every((o) => o.partialShape.isStatic);

/** The product's device: emitted machine code or WebAssembly. */
export const cpuDevice: Device = {
  name: "CPU",
  description: "Machine code (AVX-512, AVX2) or WebAssembly SIMD, generated for the model at hand",
  properties,

  query(model: Model): ReadonlyMap<Node, Support> {
    return new Map(
      allNodes(model)
        .filter((n) => n.op.role === undefined || n.op.role === "sink")
        .map((n) => [n, support(n)]),
    );
  },

  compile(model: Model, config: Config): Executable {
    unsupportedOperations("CPU", this.query(model, config));
    const engine = createEngine(targetOf(config), config["INFERENCE_NUM_THREADS"] as number);
    try {
      return new CpuExecutable(model, engine, config["PERF_COUNT"] === true, budgetOf(config));
    } catch (error) {
      engine.dispose();
      throw error;
    }
  },

  inspect(model: Model, stage: Stage, config: Config): string {
    const engine = createEngine(targetOf(config), 1);
    try {
      const executable = new CpuExecutable(cloneModel(model), engine, false, budgetOf(config));
      return inspectStage(executable, stage);
    } finally {
      engine.dispose();
    }
  },
};
