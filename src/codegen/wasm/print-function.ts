import type { FunctionAssembler } from "./function-assembler.ts";
import { type Instruction, type InstructionForm, instructions } from "./instructions.ts";

/** A function in the manner of the WebAssembly text format, one instruction a line, blocks indented. */
export function printFunction({ name, type, locals, body }: FunctionAssembler): string {
  const lines = [`(func $${name.replaceAll(/[^\w.>-]+/g, "_")}`];
  lines.push(`  (param ${type.params.join(" ")})${type.results.length > 0 ? ` (result ${type.results.join(" ")})` : ""}`);
  const own = locals.slice(type.params.length);
  if (own.length > 0) lines.push(`  (local ${own.join(" ")})`);
  let depth = 1;
  for (const instruction of body.slice(0, -1)) {
    if (instruction.name === "end" || instruction.name === "else") depth--;
    lines.push("  ".repeat(depth) + printInstruction(instruction));
    const form: InstructionForm = instructions[instruction.name];
    if (form.immediate === "block" || instruction.name === "else") depth++;
  }
  return `${lines.join("\n")})\n`;
}

function printInstruction({ name, immediates }: Instruction): string {
  const { immediate }: InstructionForm = instructions[name];
  const [a, b, c] = immediates;
  switch (immediate) {
    case "memory":
    case "memoryLane":
      return `${name}${b > 0 ? ` offset=${b}` : ""} align=${2 ** a}${c === undefined ? "" : ` ${c}`}`;
    case "bytes":
      return name === "v128.const" ? `${name} i32x4 ${wordsOf(immediates).join(" ")}` : `${name} ${immediates.join(" ")}`;
    default:
      return [name, ...immediates].join(" ");
  }
}

const wordsOf = (bytes: readonly number[]): string[] =>
  [0, 4, 8, 12].map(
    (i) => `0x${((bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24)) >>> 0).toString(16).padStart(8, "0")}`,
  );
