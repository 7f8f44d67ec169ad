import type { InstructionName } from "./instructions.ts";
import { ModuleBuilder } from "./module-builder.ts";
import type { WasmTargetName } from "./wasm-targets.ts";

/** A module that is valid where an operation on three vectors is. */
function probe(name: InstructionName, operands: number): boolean {
  if (typeof WebAssembly === "undefined") return false;
  const m = new ModuleBuilder();
  m.addFunction("probe", { params: ["v128"], results: ["v128"] }, (a) => {
    for (let i = 0; i < operands; i++) a.get(0);
    a.op(name);
  });
  return WebAssembly.validate(m.encode());
}

let available: readonly WasmTargetName[] | undefined;

/**
 * The WebAssembly targets that this engine runs, the best first. Relaxed SIMD is part of V8 since version 11.4; Node.js 20 has it
 * where it was started with --experimental-wasm-relaxed-simd.
 */
export function availableWasmTargets(): readonly WasmTargetName[] {
  available ??= findTargets();
  return available;
}

function findTargets(): readonly WasmTargetName[] {
  if (!probe("f32x4.add", 2)) return [];
  return probe("f32x4.relaxed_madd", 3) ? ["wasm-relaxed", "wasm-simd"] : ["wasm-simd"];
}
