/** Browsers have relaxed SIMD or not; there is nothing to switch on. */
export function enableRelaxedSimd(): void {}

/** Compiles a module; the browser chooses how, and recompiles what runs often. */
export function compileModule(bytes: Uint8Array<ArrayBuffer>): WebAssembly.Module {
  return new WebAssembly.Module(bytes);
}
