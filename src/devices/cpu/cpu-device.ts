import { hardwareConcurrency } from "#platform/processors";
import { allNodes } from "../../model/body.ts";
import type { Model } from "../../model/model.ts";
import { cloneModel } from "../../model/clone.ts";
import type { Node } from "../../model/node.ts";
import { unsupportedOperations } from "../unsupported-operations.ts";
import type { Device, Executable, Stage, Support } from "../device.ts";
import { MemoryBudget, maxMemorySize } from "../memory-budget.ts";
import { VintnerError } from "../../common/errors.ts";
import { type EngineOptions, mostThreads } from "../../kernel/engine.ts";
import { choice, type Config, count, flag, type Properties, readOnly } from "../property.ts";
import { CpuExecutable } from "./cpu-executable.ts";
import { howToRun } from "./how-to-run.ts";
import { inspectStage } from "./inspect-stage.ts";
import { hasShortFloats, widenFloats } from "./preparation/widen-floats.ts";
import { architecture, availableTargets, createEngine, runsAtATime, selectTarget, targetChoices } from "./target-selection.ts";

const properties: Properties = {
  CPU_TARGET: choice(
    "What code is generated for; AUTO is the best that the machine has, x64 and wasm the best of their kind",
    ["AUTO", ...targetChoices],
    "AUTO",
  ),
  INFERENCE_NUM_THREADS: count("Threads that all inferences of a model share", 1, () => Math.min(hardwareConcurrency(), mostThreads), {
    most: mostThreads,
  }),
  MAX_MEMORY_SIZE: maxMemorySize,
  PERF_COUNT: flag("Measure each step of an inference", false),
  PERFORMANCE_HINT: choice(
    "LATENCY: all threads work on one inference; THROUGHPUT: each on one of its own, where NUM_STREAMS is AUTO",
    ["LATENCY", "THROUGHPUT"],
    "LATENCY",
  ),
  INFERENCE_PRECISION_HINT: choice("The type that floats are computed in", ["f32"], "f32"),
  NUM_STREAMS: count(
    "Asynchronous inferences that run at the same time, each with its part of the threads; AUTO is what PERFORMANCE_HINT says",
    1,
    "AUTO",
    { most: mostThreads, words: ["AUTO"] },
  ),
  AVAILABLE_TARGETS: readOnly("The values of CPU_TARGET that this machine runs", () => availableTargets()),
  FULL_DEVICE_NAME: readOnly("The device in words", () => `CPU by vintner, ${availableTargets()[0]}`),
  DEVICE_ARCHITECTURE: readOnly("What the best target is made for", () => architecture()),
  OPTIMIZATION_CAPABILITIES: readOnly("Types and features that are fast", ["FP32"]),
  OPTIMAL_NUMBER_OF_INFER_REQUESTS: readOnly("Requests that keep the device busy: NUM_STREAMS of a compiled model", 1),
};

const targetOf = (config: Config): string => selectTarget(config["CPU_TARGET"] === "AUTO" ? undefined : String(config["CPU_TARGET"]));

const budgetOf = (config: Config): MemoryBudget => new MemoryBudget(config["MAX_MEMORY_SIZE"] as number);

/**
 * Threads of a run, and runs at the same time. Throws INVALID_ARGUMENT where more are asked for than the target can run: those of
 * WebAssembly share one memory and one scheduler, and take turns.
 */
function threadsOf(target: string, config: Config): Required<EngineOptions> {
  const threads = config["INFERENCE_NUM_THREADS"] as number;
  const streams = config["NUM_STREAMS"];
  const most = runsAtATime(target);
  if (streams !== "AUTO" && (streams as number) > most)
    throw new VintnerError("INVALID_ARGUMENT", {
      what: `the target ${target} runs one inference at a time`,
      where: "property NUM_STREAMS",
      expected: `1 to ${most}`,
      got: String(streams),
    });
  const automatic = config["PERFORMANCE_HINT"] === "THROUGHPUT" ? threads : 1;
  const runs = Math.min(streams === "AUTO" ? automatic : (streams as number), most);
  return { threads: Math.max(1, Math.floor(threads / runs)), runs };
}

/** An answer for a node as the device has prepared it. */
function support(node: Node): Support {
  const how = howToRun(node);
  switch (how.kind) {
    case "elementwise":
    case "lowering":
      return { supported: true, reason: "kernel" };
    case "parts":
      return {
        supported: true,
        reason: `as ${[...new Set(how.parts.nodes.filter((n) => n.op.role === undefined).map((n) => n.type))].join(", ")}`,
      };
    case "bodies":
      return { supported: true, reason: "programs for its bodies, run from the host" };
    case "open":
      return { supported: true, reason: "kernel, once the shapes are known" };
    case "host":
      return { supported: true, reason: `host: ${how.reason}` };
    case "none":
      return { supported: false, reason: how.reason };
  }
}

/** The product's device: emitted machine code or WebAssembly. */
export const cpuDevice = {
  name: "CPU",
  description: "Machine code (AVX-512, AVX2) or WebAssembly SIMD, generated for the model at hand",
  properties,

  query(model: Model): ReadonlyMap<Node, Support> {
    const prepared = hasShortFloats(model) ? cloneModel(model) : model;
    const copies = allNodes(prepared);
    const replaced = prepared === model ? undefined : widenFloats(prepared);
    return new Map(
      allNodes(model).flatMap((n, i) =>
        n.op.role === undefined || n.op.role === "sink" ? [[n, support(replaced?.get(copies[i]) ?? copies[i])] as const] : [],
      ),
    );
  },

  async compileAsync(model: Model, config: Config): Promise<Executable> {
    return cpuDevice.compile(model, config);
  },

  compile(model: Model, config: Config): CpuExecutable {
    unsupportedOperations("CPU", cpuDevice.query(model));
    const target = targetOf(config);
    const options = threadsOf(target, config);
    const engine = createEngine(target, options.threads, options.runs);
    try {
      return new CpuExecutable(model, engine, config["PERF_COUNT"] === true, budgetOf(config), options.runs);
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
} satisfies Device;
