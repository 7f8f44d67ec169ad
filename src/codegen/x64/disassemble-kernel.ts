import type { Kernel } from "../../kernel/kernel.ts";
import { emitKernel } from "./emit-kernel.ts";
import type { KernelTarget } from "../../kernel/target.ts";

/** A kernel's machine code as text: offset, bytes, instruction; first how many bytes and spilled registers it has. */
export function disassembleKernel(kernel: Kernel, target: KernelTarget): string {
  const { code, spills, listing } = emitKernel(kernel, target, { listing: true });
  const lines = listing.map(({ offset, text }, i) => {
    if (text.endsWith(":")) return text;
    const end = listing.slice(i + 1).find((l) => l.offset > offset)?.offset ?? code.length;
    const bytes = Array.from(code.subarray(offset, Math.min(end, offset + 12)), (b) => b.toString(16).padStart(2, "0")).join("");
    return `${offset.toString(16).padStart(5, "0")}  ${bytes.padEnd(24)}  ${text}`;
  });
  const spilled =
    spills.registers === 0 ? "none" : `${spills.registers} registers, ${spills.accessesInInnermostLoops} accesses in innermost loops`;
  return `; ${kernel.name}, ${target.name}: ${code.length} bytes, spilled: ${spilled}\n${lines.join("\n")}\n`;
}
