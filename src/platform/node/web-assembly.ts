import { setFlagsFromString } from "node:v8";

/** Sets a flag of V8; runtimes that only imitate Node.js may have none, and then run with their defaults. */
function setFlag(flag: string): void {
  try {
    setFlagsFromString(flag);
  } catch {
    // Flags make code faster or valid, which is probed afterwards; nothing depends on them.
  }
}

/** Makes relaxed SIMD valid on engines that have it behind a flag: V8 before 11.4 (Node.js 20). */
export function enableRelaxedSimd(): void {
  setFlag("--experimental-wasm-relaxed-simd");
}

/** V8's ways to start sooner at the price of slow code first: the baseline compiler, and compilation at the first call. */
const lazyFlags = ["liftoff", "wasm-lazy-compilation"];

/**
 * Compiles a module with V8's optimizing compiler before it returns, so that the first run is as fast as all others (with
 * the defaults it has a sixth of the speed). The flags are global, and are restored for the rest of the program's modules;
 * those that the process was started with stay untouched.
 */
export function compileModule(bytes: Uint8Array<ArrayBuffer>): WebAssembly.Module {
  const given = [...process.execArgv, process.env["NODE_OPTIONS"] ?? ""].join(" ");
  const flags = lazyFlags.filter((flag) => !given.includes(flag));
  try {
    for (const flag of flags) setFlag(`--no-${flag}`);
    return new WebAssembly.Module(bytes);
  } finally {
    for (const flag of flags) setFlag(`--${flag}`);
  }
}
