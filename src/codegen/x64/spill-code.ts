import type { VectorWidth } from "./assembler.ts";
import {
  acceptsMemory,
  type Constant,
  isMemory,
  type MachineItem,
  machineOp,
  type MachineOp,
  type MachineOperand,
  type StackSlot,
  type VirtualRegister,
} from "./machine.ts";

/** Puts loads and stores of spilled registers around their users. */
export class SpillCode {
  /** Slots given out: one for each spilled register. */
  slots = 0;
  #registers: number;
  readonly #moves = new Set<MachineItem>();

  /** `registers`: ids below it are taken. */
  constructor(registers: number) {
    this.#registers = registers;
  }

  /** Ids of registers are below. */
  get registers(): number {
    return this.#registers;
  }

  /** How many loads and stores stand where asked for. */
  count(items: readonly MachineItem[], where: (at: number) => boolean): number {
    if (this.#moves.size === 0) return 0;
    let accesses = 0;
    for (const [i, item] of items.entries()) if (this.#moves.has(item) && where(i)) accesses++;
    return accesses;
  }

  spill(items: readonly MachineItem[], registers: readonly VirtualRegister[]): MachineItem[] {
    const slotOf = new Map(registers.map((r): [VirtualRegister, StackSlot] => [r, { kind: "slot", index: this.slots++ }]));
    const slot = (o: MachineOperand | undefined): StackSlot | undefined =>
      typeof o === "object" && o.kind === "register" ? slotOf.get(o) : undefined;
    const out: MachineItem[] = [];
    for (const item of items) {
      if (item.kind !== "op") {
        out.push(item);
        continue;
      }
      const operands = [...item.operands];
      const loaded = new Map<StackSlot, VirtualRegister>();
      const load = (register: VirtualRegister, from: StackSlot): VirtualRegister => {
        const known = loaded.get(from);
        if (known) return known;
        const made = this.transient(register.file, register.width);
        loaded.set(from, made);
        const move = moveOf(made, from, register.width);
        this.#moves.add(move);
        out.push(move);
        return made;
      };
      for (let i = item.defines && !item.updates ? 1 : 0; i < operands.length; i++) {
        const from = slot(operands[i]);
        if (from === undefined) continue;
        const register = operands[i] as VirtualRegister;
        const folds =
          register.file === "vector" &&
          register.width === item.width &&
          acceptsMemory(item, i) &&
          !operands.some(isMemory) &&
          (item.name !== "fma" || operands[0] !== register);
        operands[i] = folds ? from : load(register, from);
      }
      const maskSlot = item.mask && slot(item.mask as MachineOperand);
      const mask = maskSlot ? load(item.mask as VirtualRegister, maskSlot) : item.mask;
      const into = item.defines ? slot(item.operands[0]) : undefined;
      let store: MachineOp | undefined;
      if (into !== undefined) {
        const register = item.operands[0] as VirtualRegister;
        // A move from a register stores at once.
        const made = loaded.get(into) ?? this.transient(register.file, register.width);
        operands[0] = made;
        store = moveOf(into, made, register.width);
        this.#moves.add(store);
      }
      out.push(machineOp(item.name, item.width, operands, mask, item.zero));
      if (store) out.push(store);
    }
    return out;
  }

  /** A register for one instruction. */
  transient(file: VirtualRegister["file"], width: VectorWidth): VirtualRegister {
    return { kind: "register", id: this.#registers++, file, width, transient: true };
  }
}

const moveOf = (target: MachineOperand, source: MachineOperand, width: VectorWidth): MachineOp =>
  machineOp("move", width, [target, source], undefined, false);

/**
 * Puts loads of constants that have no register and may not be memory in front of their users; undefined when none needs
 * one. `constantAt` tells the register of a constant at an item.
 */
export function loadConstants(
  items: readonly MachineItem[],
  constantAt: (constant: Constant, item: number) => number | undefined,
  spillCode: SpillCode,
): MachineItem[] | undefined {
  const inPool = (o: MachineOperand | undefined, at: number): o is Constant =>
    typeof o === "object" && o.kind === "constant" && constantAt(o, at) === undefined;
  const out: MachineItem[] = [];
  for (let at = 0; at < items.length; at++) {
    const item = items[at];
    if (item.kind === "op" && (inPool(item.mask, at) || item.operands.some((o) => inPool(o, at))))
      loadConstantsOf(item, (o): o is Constant => inPool(o, at), spillCode, out);
    else out.push(item);
  }
  return out.length > items.length ? out : undefined;
}

function loadConstantsOf(
  item: MachineOp,
  inPool: (o: MachineOperand | undefined) => o is Constant,
  spillCode: SpillCode,
  out: MachineItem[],
): void {
  const operands = [...item.operands];
  const made = new Map<Constant, VirtualRegister>();
  const load = (constant: Constant): VirtualRegister => {
    const known = made.get(constant);
    if (known) return known;
    const register = spillCode.transient(constant.file, item.width);
    made.set(constant, register);
    out.push(moveOf(register, constant, item.width));
    return register;
  };
  let memory = operands.some(isMemory);
  // From the last operand, which is the one that may be memory.
  for (let i = operands.length - 1; i >= 0; i--) {
    const o = operands[i];
    if (!inPool(o)) continue;
    if (acceptsMemory(item, i) && o.file === "vector" && !memory) memory = true;
    else if (item.name !== "move") operands[i] = load(o);
  }
  const mask = inPool(item.mask) ? load(item.mask) : item.mask;
  out.push(made.size > 0 ? machineOp(item.name, item.width, operands, mask, item.zero) : item);
}
