import type { InstructionName } from "./instructions.ts";
import { ModuleBuilder } from "./module-builder.ts";
import type { VectorFeatures } from "./vector-context.ts";
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

let unsignedDot: boolean | undefined;

/** What code for a target may use. */
export function vectorFeatures(target: WasmTargetName): VectorFeatures {
  const relaxed = target === "wasm-relaxed";
  return { relaxed, unsignedRelaxedDot: relaxed && (unsignedDot ??= isRelaxedDotUnsigned()) };
}

/**
 * Relaxed dot products of 8 bits take numbers of 7 in their second operand; what the eighth means is the engine's choice, once for all.
 * On x86-64 it is part of an unsigned number.
 */
function isRelaxedDotUnsigned(): boolean {
  const name = "i32x4.relaxed_dot_i8x16_i7x16_add_s";
  if (!probe(name, 3)) return false;
  const m = new ModuleBuilder();
  const sum = m.addFunction("sum", { params: [], results: ["i32"] }, (a) => {
    for (const byte of [1, 255, 0]) a.op("v128.const", ...Array.from({ length: 16 }, () => byte));
    a.op(name);
    a.op("i32x4.extract_lane", 0);
  });
  m.export("sum", sum);
  const exports = new WebAssembly.Instance(new WebAssembly.Module(m.encode())).exports as unknown as { sum: () => number };
  return exports.sum() === 4 * 255;
}
