import { VintnerError } from "../../common/errors.ts";
import { availableWasmTargets, createWasmEngine } from "../../codegen/wasm/wasm-engine.ts";
import { availableX64Targets, createX64Engine } from "../../codegen/x64/x64-engine.ts";
import type { Engine } from "../../kernel/engine.ts";
import { InterpreterEngine } from "../../kernel/interpreter-engine.ts";
import type { TargetName } from "../../kernel/target.ts";

/** The targets that run on this machine, best first. */
export const availableTargets = (): TargetName[] => [...availableX64Targets(), ...availableWasmTargets(), "interpreter"];

/** What the property CPU_TARGET accepts besides target names: `wasm`, the best WebAssembly target. */
const isWasm = (name: TargetName): boolean => name.startsWith("wasm-");

/** The target that a value of CPU_TARGET means here; without a value the best. Throws DEVICE where the machine cannot run it. */
export function selectTarget(wanted: string | undefined): TargetName {
  const available = availableTargets();
  const found =
    wanted === undefined || wanted === "" ? available[0] : wanted === "wasm" ? available.find(isWasm) : available.find((t) => t === wanted);
  if (found !== undefined) return found;
  throw new VintnerError("DEVICE", {
    what: `this machine cannot run CPU_TARGET ${wanted}`,
    expected: `one of ${available.join(", ")}`,
    hint: "Leave CPU_TARGET away to use the best",
  });
}

/** An engine on a target with a pool of threads. */
export function createEngine(target: TargetName, threads: number): Engine {
  switch (target) {
    case "x64-avx512":
    case "x64-avx2":
      return createX64Engine(target, { threads });
    case "wasm-relaxed":
    case "wasm-simd":
      return createWasmEngine(target, { threads });
    case "interpreter":
      return new InterpreterEngine();
  }
}
