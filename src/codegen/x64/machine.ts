import type { ForStatement, Pointer } from "../address-plan.ts";
import type { Statement } from "../../kernel/kernel.ts";
import type { VectorWidth } from "./assembler.ts";
import { type InstructionName, instructions } from "./instructions.ts";

/**
 * A kernel between selection and encoding: a flat list of instructions on virtual vector and mask registers, with
 * markers where control structures begin and end.
 */
export interface VirtualRegister {
  readonly kind: "register";
  /** Counts from 0 within a kernel. */
  readonly id: number;
  readonly file: "vector" | "mask";
  readonly width: VectorWidth;
  /** Made by the allocator to reach a spilled register or constant: lives for one instruction and cannot be spilled. */
  readonly transient: boolean;
}

/** Equal constants are one object. One word means the same in every lane. For masks the word is the mask. */
export interface Constant {
  readonly kind: "constant";
  /** Counts from 0 within a kernel. */
  readonly id: number;
  readonly file: "vector" | "mask";
  readonly words: readonly number[];
}

/** Memory through a pointer of the address plan. */
export interface Address {
  readonly kind: "address";
  readonly pointer: Pointer;
  readonly displacement: number;
  readonly broadcast: boolean;
  /** What the offsets of a gather are multiplied by. */
  readonly scale?: 1 | 2 | 4 | 8;
}

/** A spilled register's place in the frame. */
export interface StackSlot {
  readonly kind: "slot";
  readonly index: number;
}

export type MachineOperand = VirtualRegister | Constant | Address | StackSlot | number;

/**
 * Besides the table's instructions: `move` (destination, source) in either file and from or to memory, and `fma`
 * (destination, a, b, c), which becomes the form of multiply-add that suits the registers; and `gather` (destination,
 * address, offsets, mask), whose destination must have been written before and whose mask is used up.
 */
export interface MachineOp {
  readonly kind: "op";
  readonly name: InstructionName | "move" | "fma" | "gather";
  readonly width: VectorWidth;
  readonly operands: readonly MachineOperand[];
  /** Whether operand 0 is written (and is not memory). */
  readonly defines: boolean;
  /** Whether operand 0 is also read. */
  readonly updates: boolean;
  readonly mask: VirtualRegister | Constant | undefined;
  /** Lanes that the mask leaves out become zero. */
  readonly zero: boolean;
}

/** All instructions are made here, so that they are of one shape for the engine that runs this. */
export function machineOp(
  name: MachineOp["name"],
  width: VectorWidth,
  operands: readonly MachineOperand[],
  mask: MachineOp["mask"],
  zero: boolean,
): MachineOp {
  const first = operands[0];
  const defines = typeof first === "object" && first.kind === "register";
  const updates = name === "gather" || (name !== "move" && name !== "fma" && instructions[name].accumulates);
  return { kind: "op", name, width, operands, defines, updates, mask, zero };
}

export type MachineItem =
  | MachineOp
  | { readonly kind: "for"; readonly loop: ForStatement }
  | { readonly kind: "endFor"; readonly loop: ForStatement }
  | { readonly kind: "if"; readonly statement: Extract<Statement, { readonly kind: "if" }> }
  | { readonly kind: "else" | "endIf" }
  | { readonly kind: "index"; readonly statement: Extract<Statement, { readonly kind: "index" }> }
  /** The scope of the index variables that a block defined ends. */
  | { readonly kind: "endScope"; readonly statements: readonly Extract<Statement, { readonly kind: "index" }>[] };

export const isMemory = (operand: MachineOperand): operand is Address | StackSlot =>
  typeof operand === "object" && (operand.kind === "address" || operand.kind === "slot");

/** Whether operand `i` may be memory as far as the instruction is concerned. */
export function acceptsMemory({ name }: MachineOp, i: number): boolean {
  if (name === "move") return i === 1;
  if (name === "fma") return i > 0;
  if (name === "gather") return false;
  const form = instructions[name];
  return form.slots[i] === "M" && form.memory !== "none" && !form.slots.startsWith("M") && form.slots !== "VMB";
}
