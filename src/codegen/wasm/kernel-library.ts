import { compileModule } from "#platform/web-assembly";
import type { Kernel } from "../../kernel/kernel.ts";
import type { KernelTarget } from "../../kernel/target.ts";
import { emitKernel, kernelFunctionType } from "./kernel-emitter.ts";
import { type MemoryLimits, ModuleBuilder } from "./module-builder.ts";

/** Kernels of one module. Browsers compile at once, on the page's main thread, only what is not too large. */
const mostKernels = 64;

/** A compiled module whose functions go to the table from `base` on. */
export interface KernelLibrary {
  readonly module: WebAssembly.Module;
  /** Length of the table with this library in it. */
  readonly tableSize: number;
}

/** Compiles kernels into libraries; the first kernel's place in the table is `base`, the others follow. */
export function compileKernels(kernels: readonly Kernel[], target: KernelTarget, memory: MemoryLimits, base: number): KernelLibrary[] {
  const libraries: KernelLibrary[] = [];
  for (let first = 0; first < kernels.length; first += mostKernels) {
    const part = kernels.slice(first, first + mostKernels);
    const m = new ModuleBuilder();
    m.importMemory("env", "memory", memory);
    m.importTable("env", "table");
    const functions = part.map((kernel) => m.addFunction(kernel.name, kernelFunctionType, (a) => emitKernel(kernel, target, a)));
    m.addElements(base + first, functions);
    libraries.push({ module: compileModule(m.encode()), tableSize: base + first + part.length });
  }
  return libraries;
}
