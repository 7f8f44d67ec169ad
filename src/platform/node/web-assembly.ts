import { setFlagsFromString } from "node:v8";

/** Makes relaxed SIMD valid on engines that have it behind a flag: V8 before 11.4 (Node.js 20). */
export function enableRelaxedSimd(): void {
  setFlagsFromString("--experimental-wasm-relaxed-simd");
}

/** Compiles a module with the optimizing compiler at once. */
export function compileModule(bytes: Uint8Array<ArrayBuffer>): WebAssembly.Module {
  return new WebAssembly.Module(bytes);
}
