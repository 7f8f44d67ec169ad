import type { Kernel } from "./kernel.ts";
import type { KernelTarget } from "./target.ts";

/** A block of memory that kernels can reach: native, WebAssembly's, or an ArrayBuffer. 64-byte aligned, zero at first. */
export interface Memory {
  readonly byteLength: number;
  /** A view on the bytes, valid until the next allocation of the same engine (WebAssembly memory may move). */
  bytes(): Uint8Array;
  dispose(): void;
}

/** Where one buffer of a kernel lies: in a block of memory that is its own, which ends `byteLength` bytes behind the offset. */
export interface Operand {
  readonly memory: Memory;
  readonly byteOffset: number;
  readonly byteLength: number;
}

/** What is left of a memory from an offset on, as an operand. */
export const operandIn = (memory: Memory, byteOffset = 0): Operand => ({ memory, byteOffset, byteLength: memory.byteLength - byteOffset });

/** The part of an operand's block from an offset on. */
export const operandWithin = ({ memory, byteOffset, byteLength }: Operand, offset: number): Operand => ({
  memory,
  byteOffset: byteOffset + offset,
  byteLength: byteLength - offset,
});

/** One kernel call of a program. */
export interface Step {
  readonly kernel: Kernel;
  /** One for each of the kernel's buffers; the operand must hold the buffer's length (checked when the program is made). */
  readonly operands: readonly Operand[];
  /** Whether all earlier steps must have ended before this one starts. */
  readonly barrier: boolean;
}

/** A list of steps, ready to run in one call. One run at a time. */
export interface Program {
  /** Runs all steps and returns when the last has ended. */
  run(): void;
  /** The same without blocking the event loop. */
  runAsync(): Promise<void>;
  /** Runs step by step; microseconds of each. */
  runProfiled(): Float64Array;
  dispose(): void;
}

/** Turns kernels into running code on one target, with a pool of threads. */
export interface Engine {
  readonly target: KernelTarget;
  readonly threads: number;
  /** Whether arrays on its memory stay valid, and keep it, whatever is allocated afterwards. */
  readonly hasStableMemory: boolean;
  /** Most bytes that one block of its memory can have. */
  readonly capacity: number;
  /** Throws OUT_OF_MEMORY. */
  allocate(byteLength: number): Memory;
  /** Generates the kernels' code (once for each key) and lays the steps out. */
  program(steps: readonly Step[]): Program;
  /** The generated code of a kernel as text: instructions with their bytes, or the like. */
  disassemble(kernel: Kernel): string;
  /** Ends the threads and frees code and memory. */
  dispose(): void;
}

/** Most threads of a run: more than there are processors in one machine that gain from it. */
export const mostThreads = 256;

/** What makes engines for the targets of one kind of code. A folder of src/codegen, and a line of src/devices/cpu/target-selection.ts. */
export interface Backend {
  /** What users call it: `x64`, `wasm`. As a value of CPU_TARGET it means the best of its targets. */
  readonly name: string;
  /** OpenVINO's word for the machine: the property DEVICE_ARCHITECTURE. */
  readonly architecture: string;
  /** The names of all its targets, best first. */
  readonly targets: readonly string[];
  /** Runs that its engines can have at the same time, by `runAsync` of several programs. */
  readonly mostRuns: number;
  /** Those that this machine runs, best first. */
  available(): readonly string[];
  /** `threads` includes the calling one. Throws DEVICE where the target does not run here. */
  createEngine(target: string, options: EngineOptions): Engine;
}

export interface EngineOptions {
  /** Threads that share a run, the calling one included: from 1 to `mostThreads`. */
  readonly threads: number;
  /** Runs at the same time for which there are so many threads; 1 where it is not said. */
  readonly runs?: number;
}
