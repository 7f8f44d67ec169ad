import { type WasmTargetName, wasmTargets } from "../codegen/wasm/wasm-targets.ts";
import type { X64Target } from "../codegen/x64/instruction-buffer.ts";
import { describeX64Target } from "../codegen/x64/x64-targets.ts";
import { interpreterTarget, type KernelTarget } from "./target.ts";

export type TargetName = X64Target | WasmTargetName | "interpreter";

/** All targets by name, the native ones as the least of their processors has them, on whatever machine the tests run. */
export const targets: Readonly<Record<TargetName, KernelTarget>> = {
  "x64-avx512": describeX64Target("x64-avx512"),
  "x64-avx2": describeX64Target("x64-avx2"),
  ...wasmTargets,
  interpreter: interpreterTarget,
};
