import type { KernelTarget } from "../../kernel/target.ts";
import type { VectorWidth } from "./assembler.ts";
import { type InstructionName, instructions } from "./instructions.ts";
import {
  type Address,
  type Constant,
  type MachineItem,
  machineOp,
  type MachineOp,
  type MachineOperand,
  type VirtualRegister,
} from "./machine.ts";

export type X64Target = "x64-avx2" | "x64-avx512";
export const isAvx512 = ({ name }: KernelTarget): boolean => name === ("x64-avx512" satisfies X64Target);
/** What a register of the kernel is: a virtual register, or a constant or memory that its users read in place. */
export type Value = VirtualRegister | Constant | Address;

export const widthOf = (lanes: number): VectorWidth => (lanes === 16 ? 512 : lanes === 8 ? 256 : 128);

interface OpOptions {
  readonly mask?: MachineOp["mask"];
  readonly zero?: boolean;
}

const noOptions: OpOptions = {};

/** The instructions selected so far. */
export class InstructionBuffer {
  readonly items: MachineItem[] = [];
  readonly avx512: boolean;
  readonly target: KernelTarget;
  readonly #constants = new Map<string, Constant>();
  readonly #splats = new Map<number, Constant>();
  #registers = 0;

  constructor(target: KernelTarget) {
    this.target = target;
    this.avx512 = isAvx512(target);
  }

  /** Registers made so far: ids below are taken. */
  get registers(): number {
    return this.#registers;
  }
  register(width: VectorWidth, file: VirtualRegister["file"] = "vector"): VirtualRegister {
    return { kind: "register", id: this.#registers++, file, width, transient: false };
  }
  /** The words of all lanes, or one word for all. */
  constant(words: readonly number[], file: Constant["file"] = "vector"): Constant {
    const key = `${file} ${words.join()}`;
    let known = this.#constants.get(key);
    if (known === undefined) this.#constants.set(key, (known = { kind: "constant", id: this.#constants.size, file, words }));
    return known;
  }
  splat(word: number): Constant {
    let known = this.#splats.get(word | 0);
    if (known === undefined) this.#splats.set(word | 0, (known = this.constant([word | 0])));
    return known;
  }
  emit(
    name: MachineOp["name"],
    width: VectorWidth,
    operands: readonly MachineOperand[],
    { mask, zero = false }: OpOptions = noOptions,
  ): void {
    this.items.push(machineOp(name, width, operands, mask, zero));
  }
  /** Emits an instruction whose first operand is written, into a new register. */
  define(name: InstructionName, width: VectorWidth, sources: readonly MachineOperand[], options: OpOptions = noOptions): VirtualRegister {
    const target = this.register(width, instructions[name].kinds.startsWith("k") ? "mask" : "vector");
    this.emit(name, width, [target, ...sources], options);
    return target;
  }
  /** A value in a register, by a move where it is none. */
  inRegister(value: Value, width: VectorWidth): VirtualRegister {
    if (value.kind === "register") return value;
    const register = this.register(width);
    this.emit("move", width, [register, value]);
    return register;
  }
}
