import type { Masking, Memory, Operand, VectorWidth } from "./assembler.ts";
import type { Instruction } from "./instructions.ts";

const general64 = ["rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"];
const general32 = ["eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi", "r8d", "r9d", "r10d", "r11d", "r12d", "r13d", "r14d", "r15d"];

const vectorName = (bits: number, register: number): string => `${bits >= 512 ? "zmm" : bits >= 256 ? "ymm" : "xmm"}${register}`;

function registerName(kind: string, width: VectorWidth, register: number): string {
  switch (kind) {
    case "v":
      return vectorName(width, register);
    case "h":
      return vectorName(width / 2, register);
    case "t":
      return vectorName(width / 4, register);
    case "x":
      return vectorName(128, register);
    case "k":
      return `k${register}`;
    case "d":
      return general32[register];
    default:
      return general64[register];
  }
}

function memoryText({ base, index, scale = 1, displacement, literal, broadcast, gathers }: Memory, width: VectorWidth): string {
  const suffix = broadcast === true ? `{1to${width / 32}}` : "";
  if (literal) return `[rip+${formatLiteral(literal.words)}]${suffix}`;
  const parts =
    general64[base ?? 0] +
    (index === undefined ? "" : `+${gathers === true ? vectorName(width, index) : general64[index]}${scale === 1 ? "" : `*${scale}`}`);
  const offset = displacement === 0 ? "" : displacement < 0 ? number(displacement) : `+${number(displacement)}`;
  return `[${parts}${offset}]${suffix}`;
}

const formatLiteral = (words: readonly number[]): string => `{${[...new Set(words)].map((w) => number(w >>> 0)).join(",")}}`;

/** As NASM reads it: hexadecimal from 10 on. */
function number(value: number | bigint): string {
  if (value < 0) return `-${number(-value)}`;
  const digits = value.toString(16).toUpperCase();
  return value < 10 ? digits : `${digits[0] > "9" ? "0" : ""}${digits}h`;
}

/** An instruction in NASM's syntax. */
export function formatInstruction(
  form: Instruction,
  width: VectorWidth,
  operands: readonly Operand[],
  { mask = 0, zero = false }: Masking,
): string {
  const masking = `${mask === 0 ? "" : `{k${mask}}`}${zero ? "{z}" : ""}`;
  const texts = operands.map((operand, i) => {
    const slot = form.slots[i];
    if (typeof operand === "object") return memoryText(operand, width) + (i === 0 ? masking : "");
    if (slot === "B" || slot === "D" || slot === "Q") return number(operand);
    return registerName(form.kinds[i] ?? "q", width, Number(operand)) + (i === 0 ? masking : "");
  });
  return texts.length === 0 ? form.mnemonic : `${form.mnemonic} ${texts.join(",")}`;
}
