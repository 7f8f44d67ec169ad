import type { Kernel } from "../../kernel/kernel.ts";
import type { KernelTarget } from "../../kernel/target.ts";
import type { Routine } from "../scheduler/routine.ts";

/** What makes machine code for one processor: all that native code needs to know of it. */
export interface NativeEmitter {
  readonly target: KernelTarget;
  /**
   * `void kernel(operands, begin, end, scratch)`: runs tasks [begin, end); the operands' addresses, 8 bytes each, and the thread's
   * scratch memory are given.
   */
  emitKernel(kernel: Kernel): Uint8Array;
  /** A function of the routine's parameters, 8 bytes each, by the system's calling convention. */
  emitRoutine(routine: Routine): Uint8Array;
  /** A kernel's instructions as text. */
  disassemble(kernel: Kernel): string;
}
