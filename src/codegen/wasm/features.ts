import type { InstructionName } from "./instructions.ts";
import { ModuleBuilder } from "./module-builder.ts";
import type { RelaxedDot, VectorFeatures } from "./vector-context.ts";
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

let dot: RelaxedDot | undefined;

/** What code for a target may use. */
export function vectorFeatures(target: WasmTargetName): VectorFeatures {
  const relaxed = target === "wasm-relaxed";
  return { relaxed, relaxedDot: relaxed ? (dot ??= findRelaxedDot()) : "other" };
}

/** Asks the engine: on x86-64 sums are of unsigned bytes, and exact where V8 uses the instruction of AVX-VNNI. */
function findRelaxedDot(): RelaxedDot {
  const name = "i32x4.relaxed_dot_i8x16_i7x16_add_s";
  if (!probe(name, 3)) return "other";
  const m = new ModuleBuilder();
  const sum = m.addFunction("sum", { params: ["i32", "i32"], results: ["i32"] }, (a) => {
    for (const parameter of [0, 1]) {
      a.get(parameter);
      a.op("i32x4.splat");
    }
    a.op("v128.const", ...Array.from({ length: 16 }, () => 0));
    a.op(name);
    a.op("i32x4.extract_lane", 0);
  });
  m.export("sum", sum);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(m.encode()));
  const sumOf = exports["sum"] as (signed: number, unsigned: number) => number;
  const isExact = (signed: number): boolean => sumOf(0x01010101 * signed, 0x01010101 * 255) === 4 * 255 * ((signed << 24) >> 24);
  if (![1, 255, 64, 192].every(isExact)) return "other";
  return [127, 128].every(isExact) ? "exact" : "unsigned";
}
