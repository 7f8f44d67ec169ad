import { setFlag, withoutFeatures } from "./v8-flags.ts";

/** Makes relaxed SIMD valid on engines that have it behind a flag: V8 before 11.4 (Node.js 20). */
export function enableRelaxedSimd(): void {
  setFlag("--experimental-wasm-relaxed-simd");
}

/** V8's ways to start sooner at the price of slow code first: the baseline compiler, and compilation at the first call. */
const lazyFeatures = ["liftoff", "wasm-lazy-compilation"];

/**
 * Compiles a module with V8's optimizing compiler before it returns, so that the first run is as fast as all others (with
 * the defaults it has a sixth of the speed).
 */
export const compileModule = (bytes: Uint8Array<ArrayBuffer>): WebAssembly.Module =>
  withoutFeatures(lazyFeatures, () => new WebAssembly.Module(bytes));
