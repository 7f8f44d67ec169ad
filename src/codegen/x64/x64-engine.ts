import { nativeSystem } from "#platform/native";
import { VintnerError } from "../../common/errors.ts";
import { type Backend, type Engine, type EngineOptions, mostThreads } from "../../kernel/engine.ts";
import type { NativeEmitter } from "../native/native-emitter.ts";
import { NativeEngine } from "../native/native-engine.ts";
import { type CpuFeatures, cpuFeatures } from "./cpu-features.ts";
import { disassembleKernel } from "./disassemble-kernel.ts";
import { emitKernel } from "./emit-kernel.ts";
import { emitRoutine } from "./emit-routine.ts";
import type { X64Target } from "./instruction-buffer.ts";
import { availableX64Targets, describeX64Target, x64TargetNames } from "./x64-targets.ts";

export { availableX64Targets };

/** An engine of emitted machine code, for what the processor has or for less. `threads` includes the calling one. Throws DEVICE where the target is not available. */
export function createX64Engine(target: X64Target, options: EngineOptions, features: CpuFeatures = cpuFeatures()): Engine {
  const system = nativeSystem();
  if (!system || !availableX64Targets().includes(target))
    throw new VintnerError("DEVICE", {
      what: `machine code for ${target} cannot run here`,
      hint: "It takes an x86-64 processor with these instructions and the package koffi; set CPU_TARGET to a WebAssembly target",
    });
  return new NativeEngine(system, x64Emitter(target, features), options);
}

/** Machine code of a target as a processor of some features runs it, by default this one. */
export function x64Emitter(name: X64Target, features: CpuFeatures = cpuFeatures()): NativeEmitter {
  const target = describeX64Target(name, features);
  return {
    target,
    emitKernel: (kernel) => emitKernel(kernel, target).code,
    emitRoutine,
    disassemble: (kernel) => disassembleKernel(kernel, target),
  };
}

/** Machine code for x86-64, through koffi. */
export const x64Backend: Backend = {
  name: "x64",
  architecture: "intel64",
  targets: x64TargetNames,
  mostRuns: mostThreads,
  available: availableX64Targets,
  createEngine: (target, options) => createX64Engine(target as X64Target, options),
};
