import { invariant } from "../../common/errors.ts";
import type { VectorWidth } from "./assembler.ts";
import {
  acceptsMemory,
  type Constant,
  isMemory,
  type MachineItem,
  type MachineOp,
  type MachineOperand,
  type StackSlot,
  type VirtualRegister,
} from "./machine.ts";

/** Where everything is, and the items with the code for spilled registers in place. */
export interface Allocation {
  readonly items: readonly MachineItem[];
  /** Physical number of each virtual register. */
  readonly registers: ReadonlyMap<VirtualRegister, number>;
  /** Constants in a register within some range of items. */
  constantAt(constant: Constant, item: number): number | undefined;
  /** Constants to put into registers before an item (-1: at the start of the kernel). */
  readonly materialized: ReadonlyMap<
    number,
    readonly { readonly constant: Constant; readonly width: VectorWidth; readonly register: number }[]
  >;
  readonly slots: number;
  /** Spilled virtual registers, and how many of their loads and stores are inside of innermost loops. */
  readonly spills: { readonly registers: number; readonly accessesInInnermostLoops: number };
}

export interface RegisterFiles {
  readonly vector: readonly number[];
  readonly mask: readonly number[];
}

interface Loop {
  readonly begin: number;
  end: number;
  readonly parent: Loop | undefined;
  readonly depth: number;
  innermost: boolean;
}

interface Interval {
  readonly register: VirtualRegister;
  first: number;
  start: number;
  end: number;
  weight: number;
}

interface ConstantUse {
  readonly at: number;
  readonly loop: Loop | undefined;
  readonly width: VectorWidth;
  readonly op: MachineOp;
  readonly operand: number;
}

interface Placement {
  readonly begin: number;
  readonly end: number;
  readonly register: number;
}

/**
 * Linear scan over the flat code: a register is live from its first item to its last, widened to whole loops that it
 * lives through. What finds no register gets a slot, and the scan runs again on code that loads and stores it.
 * Constants take registers that are left over, as far out of the loops as there is one free, the most used first;
 * other uses read the literal pool.
 */
export function allocateRegisters(selected: readonly MachineItem[], files: RegisterFiles): Allocation {
  let items = selected;
  let transients = 0;
  let slots = 0;
  let spilledRegisters = 0;
  const spillCode = new Set<MachineItem>();
  for (;;) {
    const loops = findLoops(items);
    const { intervals, constants } = findIntervals(items, loops);
    const { registers, spilled, occupied } = scan([...intervals.values()], hints(items, intervals), files);
    if (spilled.size > 0) {
      const rewritten = new Rewriter(items, () => transients++, spillCode);
      const slotOf = new Map([...spilled].map((r): [VirtualRegister, StackSlot] => [r, { kind: "slot", index: slots++ }]));
      spilledRegisters += spilled.size;
      items = rewritten.spill(slotOf);
      continue;
    }
    const { placements, materialized } = placeConstants(constants, loops, occupied, files);
    const constantAt = (constant: Constant, item: number): number | undefined =>
      placements.get(constant)?.find((p) => p.begin <= item && item <= p.end)?.register;
    const loaded = new Rewriter(items, () => transients++, spillCode).loadConstants(constantAt);
    if (loaded !== undefined) {
      items = loaded;
      continue;
    }
    let accesses = 0;
    for (const [i, item] of items.entries()) if (spillCode.has(item) && loops.of[i]?.innermost === true) accesses++;
    return {
      items,
      registers,
      constantAt,
      materialized,
      slots,
      spills: { registers: spilledRegisters, accessesInInnermostLoops: accesses },
    };
  }
}

interface Loops {
  /** The innermost loop of each item. */
  readonly of: readonly (Loop | undefined)[];
  readonly all: readonly Loop[];
}

function findLoops(items: readonly MachineItem[]): Loops {
  const of = new Array<Loop | undefined>(items.length);
  const all: Loop[] = [];
  let current: Loop | undefined;
  for (let i = 0; i < items.length; i++) {
    const { kind } = items[i];
    if (kind === "for") {
      if (current) current.innermost = false;
      current = { begin: i, end: i, parent: current, depth: (current?.depth ?? 0) + 1, innermost: true };
      all.push(current);
    }
    of[i] = current;
    if (kind === "endFor") {
      invariant(current !== undefined, "a loop that ends but does not begin");
      current.end = i;
      current = current.parent;
    }
  }
  return { of, all };
}

const weightAt = (loop: Loop | undefined): number => 10 ** Math.min(8, loop?.depth ?? 0);

/** Positions count two an item: operands are read at 2i and results written at 2i + 1. */
function findIntervals(
  items: readonly MachineItem[],
  loops: Loops,
): { intervals: Map<VirtualRegister, Interval>; constants: Map<Constant, ConstantUse[]> } {
  const intervals = new Map<VirtualRegister, Interval>();
  const constants = new Map<Constant, ConstantUse[]>();
  const touch = (register: VirtualRegister, at: number, position: number): void => {
    const loop = loops.of[at];
    const interval = intervals.get(register);
    if (interval === undefined) {
      intervals.set(register, { register, first: at, start: position, end: position, weight: weightAt(loop) });
      return;
    }
    interval.weight += weightAt(loop);
    interval.end = Math.max(interval.end, position);
    // Read in a loop that it enters alive: alive until the loop's last round ends.
    for (let l = loop; l !== undefined; l = l.parent) if (l.begin > interval.first) interval.end = Math.max(interval.end, 2 * l.end + 1);
    // Written in a loop and read behind it: alive in all rounds.
    for (let l = loops.of[interval.first]; l !== undefined; l = l.parent)
      if (l.end < at) interval.start = Math.min(interval.start, 2 * l.begin);
  };
  const touchOperand = (op: MachineOp, operand: MachineOperand | undefined, i: number, at: number, position: number): void => {
    if (typeof operand !== "object") return;
    if (operand.kind === "register") touch(operand, at, position);
    else if (operand.kind === "constant") {
      const uses = constants.get(operand) ?? [];
      uses.push({ at, loop: loops.of[at], width: op.width, op, operand: i });
      constants.set(operand, uses);
    }
  };
  for (const [at, item] of items.entries()) {
    if (item.kind !== "op") continue;
    for (let i = item.defines ? 1 : 0; i < item.operands.length; i++) touchOperand(item, item.operands[i], i, at, 2 * at);
    touchOperand(item, item.mask, -1, at, 2 * at);
    if (item.defines) touchOperand(item, item.operands[0], 0, at, 2 * at + 1);
  }
  return { intervals, constants };
}

/** Registers that a result would best share: the addend of a multiply-add, the source of a move. */
function hints(items: readonly MachineItem[], intervals: ReadonlyMap<VirtualRegister, Interval>): Map<VirtualRegister, VirtualRegister[]> {
  const wanted = new Map<VirtualRegister, VirtualRegister[]>();
  for (const [at, item] of items.entries()) {
    if (item.kind !== "op" || !item.defines || (item.name !== "fma" && item.name !== "move")) continue;
    const target = item.operands[0] as VirtualRegister;
    if (intervals.get(target)?.first !== at) continue;
    const sources = item.name === "fma" ? [item.operands[3], item.operands[1], item.operands[2]] : [item.operands[1]];
    wanted.set(
      target,
      sources.filter((o): o is VirtualRegister => typeof o === "object" && o.kind === "register"),
    );
  }
  return wanted;
}

type Occupied = ReadonlyMap<"vector" | "mask", ReadonlyMap<number, readonly Interval[]>>;

function scan(
  intervals: readonly Interval[],
  wanted: ReadonlyMap<VirtualRegister, readonly VirtualRegister[]>,
  files: RegisterFiles,
): { registers: Map<VirtualRegister, number>; spilled: Set<VirtualRegister>; occupied: Occupied } {
  const registers = new Map<VirtualRegister, number>();
  const spilled = new Set<VirtualRegister>();
  const occupied = new Map(
    (["vector", "mask"] as const).map((file) => [file, new Map(files[file].map((r): [number, Interval[]] => [r, []]))]),
  );
  const free = { vector: new Set(files.vector), mask: new Set(files.mask) };
  let active: Interval[] = [];
  for (const interval of intervals.toSorted((a, b) => a.start - b.start)) {
    const { register } = interval;
    const { file } = register;
    active = active.filter((other) => {
      if (other.end >= interval.start) return true;
      free[other.register.file].add(registers.get(other.register) as number);
      return false;
    });
    let physical = wanted
      .get(register)
      ?.map((r) => registers.get(r))
      .find((r) => r !== undefined && free[file].has(r));
    physical ??= files[file].find((r) => free[file].has(r));
    if (physical === undefined) {
      const price = (i: Interval): number => (i.register.transient ? Number.POSITIVE_INFINITY : i.weight / (i.end - i.start + 1));
      const rivals = active.filter((other) => other.register.file === file);
      const victim = rivals.reduce((least, other) => (price(other) < price(least) ? other : least), interval);
      invariant(!victim.register.transient, "no register is free for a single instruction");
      spilled.add(victim.register);
      if (victim === interval) continue;
      physical = registers.get(victim.register) as number;
      registers.delete(victim.register);
      active = active.filter((other) => other !== victim);
      const list = occupied.get(file)?.get(physical) as Interval[];
      list.splice(list.indexOf(victim), 1);
    }
    free[file].delete(physical);
    registers.set(register, physical);
    occupied.get(file)?.get(physical)?.push(interval);
    active.push(interval);
  }
  return { registers, spilled, occupied };
}

function placeConstants(
  constants: ReadonlyMap<Constant, readonly ConstantUse[]>,
  loops: Loops,
  occupied: Occupied,
  files: RegisterFiles,
): { placements: Map<Constant, Placement[]>; materialized: Map<number, { constant: Constant; width: VectorWidth; register: number }[]> } {
  const placements = new Map<Constant, Placement[]>();
  const materialized = new Map<number, { constant: Constant; width: VectorWidth; register: number }[]>();
  const taken = new Map<string, Placement[]>();
  const isFree = (file: Constant["file"], register: number, begin: number, end: number): boolean =>
    (occupied.get(file)?.get(register) ?? []).every((i) => i.end < 2 * begin || i.start > 2 * end + 1) &&
    (taken.get(file + register) ?? []).every((p) => p.end < begin || p.begin > end);
  /** How much the code gains by a register: uses that need one count more than those that read memory as well. */
  const gain = (uses: readonly ConstantUse[]): number =>
    uses.reduce(
      (sum, u) => sum + weightAt(u.loop) * (u.operand < 0 || !acceptsMemory(u.op, u.operand) ? 4 : u.op.name === "move" ? 0.5 : 1),
      0,
    );

  const place = (constant: Constant, uses: readonly ConstantUse[], region: Loop | undefined): void => {
    const begin = region ? region.begin : -1;
    const end = region ? region.end : loops.of.length;
    // A register that is filled and read once gains nothing over the pool.
    if (uses.every((u) => u.loop === region)) return;
    const register = files[constant.file].find((r) => isFree(constant.file, r, begin, end));
    if (register !== undefined) {
      const placement = { begin, end, register };
      placements.set(constant, [...(placements.get(constant) ?? []), placement]);
      taken.set(constant.file + register, [...(taken.get(constant.file + register) ?? []), placement]);
      const width = uses.reduce<VectorWidth>((most, u) => (u.width > most ? u.width : most), 128);
      materialized.set(begin, [...(materialized.get(begin) ?? []), { constant, width, register }]);
      return;
    }
    for (const child of loops.all) {
      if (child.parent !== region) continue;
      const inside = uses.filter((u) => child.begin <= u.at && u.at <= child.end);
      if (inside.length > 0) place(constant, inside, child);
    }
  };
  const ordered = [...constants].toSorted(([, a], [, b]) => gain(b) - gain(a));
  for (const [constant, uses] of ordered) {
    // Zeros are made where they are needed by an instruction that needs no execution unit.
    const hot = uses.filter((u) => !(u.op.name === "move" && constant.words.every((w) => w === 0)));
    if (hot.length > 0) place(constant, hot, undefined);
  }
  return { placements, materialized };
}

/** Puts loads and stores of spilled registers, and loads of constants that must be in a register, around their users. */
class Rewriter {
  readonly #items: readonly MachineItem[];
  readonly #number: () => number;
  readonly #spillCode: Set<MachineItem>;

  constructor(items: readonly MachineItem[], number: () => number, spillCode: Set<MachineItem>) {
    this.#items = items;
    this.#number = number;
    this.#spillCode = spillCode;
  }

  #transient(file: VirtualRegister["file"], width: VectorWidth): VirtualRegister {
    return { kind: "register", id: -1 - this.#number(), file, width, transient: true };
  }
  #move(target: MachineOperand, source: MachineOperand, width: VectorWidth): MachineOp {
    const defines = typeof target === "object" && target.kind === "register";
    return { kind: "op", name: "move", width, operands: [target, source], defines, mask: undefined, zero: false };
  }

  spill(slotOf: ReadonlyMap<VirtualRegister, StackSlot>): MachineItem[] {
    const out: MachineItem[] = [];
    for (const item of this.#items) {
      if (item.kind !== "op") {
        out.push(item);
        continue;
      }
      const slot = (o: MachineOperand | undefined): StackSlot | undefined =>
        typeof o === "object" && o.kind === "register" ? slotOf.get(o) : undefined;
      const operands = [...item.operands];
      const loaded = new Map<StackSlot, VirtualRegister>();
      const load = (register: VirtualRegister, from: StackSlot): VirtualRegister => {
        const known = loaded.get(from);
        if (known) return known;
        const made = this.#transient(register.file, register.width);
        loaded.set(from, made);
        const move = this.#move(made, from, register.width);
        this.#spillCode.add(move);
        out.push(move);
        return made;
      };
      for (let i = item.defines ? 1 : 0; i < operands.length; i++) {
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
      const into = item.defines ? slot(operands[0]) : undefined;
      let store: MachineOp | undefined;
      if (into !== undefined) {
        const register = operands[0] as VirtualRegister;
        // A move from a register stores at once.
        const made = loaded.get(into) ?? this.#transient(register.file, register.width);
        operands[0] = made;
        store = this.#move(into, made, register.width);
        this.#spillCode.add(store);
      }
      out.push({ ...item, operands, mask });
      if (store) out.push(store);
    }
    return out;
  }

  /** Undefined when no constant needs a load. */
  loadConstants(constantAt: (constant: Constant, item: number) => number | undefined): MachineItem[] | undefined {
    const out: MachineItem[] = [];
    let changed = false;
    for (const [at, item] of this.#items.entries()) {
      if (item.kind !== "op") {
        out.push(item);
        continue;
      }
      const inPool = (o: MachineOperand | undefined): o is Constant =>
        typeof o === "object" && o.kind === "constant" && constantAt(o, at) === undefined;
      if (!item.operands.some(inPool) && !inPool(item.mask)) {
        out.push(item);
        continue;
      }
      const operands = [...item.operands];
      const made = new Map<Constant, VirtualRegister>();
      const load = (constant: Constant): VirtualRegister => {
        const known = made.get(constant);
        if (known) return known;
        changed = true;
        const register = this.#transient(constant.file, item.width);
        made.set(constant, register);
        out.push(this.#move(register, constant, item.width));
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
      out.push(made.size > 0 ? { ...item, operands, mask } : item);
    }
    return changed ? out : undefined;
  }
}
