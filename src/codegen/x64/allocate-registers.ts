import { invariant } from "../../common/errors.ts";
import type { VectorWidth } from "./assembler.ts";
import { acceptsMemory, type Constant, type MachineItem, type MachineOp, type MachineOperand, type VirtualRegister } from "./machine.ts";
import type { Selection } from "./select.ts";
import { loadConstants, SpillCode } from "./spill-code.ts";

/** Where everything is, and the items with the code for spilled registers in place. */
export interface Allocation {
  readonly items: readonly MachineItem[];
  /** Physical number of each virtual register, by its id; -1 for those that do not occur. */
  readonly registers: Int8Array;
  /** Constants in a register within some range of items. */
  constantAt(constant: Constant, item: number): number | undefined;
  /** Constants to put into registers before an item (-1: at the start of the kernel). */
  readonly materialized: ReadonlyMap<number, readonly Materialized[]>;
  readonly slots: number;
  /** Spilled virtual registers, and how many of their loads and stores are inside of innermost loops. */
  readonly spills: { readonly registers: number; readonly accessesInInnermostLoops: number };
}

interface Materialized {
  readonly constant: Constant;
  readonly width: VectorWidth;
  readonly register: number;
}

type RegisterFile = VirtualRegister["file"];
/** The physical registers that may be given out, the preferred first. */
export type RegisterFiles = Readonly<Record<RegisterFile, readonly number[]>>;

interface Loop {
  readonly begin: number;
  end: number;
  readonly parent: Loop | undefined;
  readonly depth: number;
  innermost: boolean;
}

interface Interval {
  readonly register: VirtualRegister;
  readonly first: number;
  start: number;
  end: number;
  weight: number;
}

interface ConstantUse {
  readonly at: number;
  readonly loop: Loop | undefined;
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
export function allocateRegisters(selection: Selection, files: RegisterFiles): Allocation {
  let { items } = selection;
  const spillCode = new SpillCode(selection.registers);
  for (;;) {
    const loops = findLoops(items);
    const { intervals, constants } = new Liveness(items, loops, spillCode.registers);
    const { registers, spilled, occupied } = scan(intervals, items, spillCode.registers, files);
    if (spilled.length > 0) {
      items = spillCode.spill(items, spilled);
      continue;
    }
    const { placements, materialized } = placeConstants(constants, loops, occupied, files);
    const constantAt = (constant: Constant, item: number): number | undefined => {
      const list = placements[constant.id];
      if (list !== undefined) for (const p of list) if (p.begin <= item && item <= p.end) return p.register;
      return undefined;
    };
    const loaded = loadConstants(items, constantAt, spillCode);
    if (loaded !== undefined) {
      items = loaded;
      continue;
    }
    const accessesInInnermostLoops = spillCode.count(items, (at) => loops.of[at]?.innermost === true);
    const spills = { registers: spillCode.slots, accessesInInnermostLoops };
    return { items, registers, constantAt, materialized, slots: spillCode.slots, spills };
  }
}

interface Loops {
  /** The innermost loop of each item. */
  readonly of: readonly (Loop | undefined)[];
  readonly all: readonly Loop[];
}

function findLoops(items: readonly MachineItem[]): Loops {
  const of: (Loop | undefined)[] = [];
  const all: Loop[] = [];
  let current: Loop | undefined;
  for (let i = 0; i < items.length; i++) {
    const { kind } = items[i];
    if (kind === "for") {
      if (current) current.innermost = false;
      current = { begin: i, end: i, parent: current, depth: (current?.depth ?? 0) + 1, innermost: true };
      all.push(current);
    }
    of.push(current);
    if (kind === "endFor") {
      invariant(current !== undefined, "a loop that ends but does not begin");
      current.end = i;
      current = current.parent;
    }
  }
  return { of, all };
}

const weightAt = (loop: Loop | undefined): number => (loop === undefined ? 1 : 10 ** Math.min(8, loop.depth));

/** When registers are live and where constants are used. Positions count two an item: operands are read at 2i and results written at 2i + 1. */
class Liveness {
  /** In the order of their first items. */
  readonly intervals: Interval[] = [];
  /** By the id of a constant; empty where it is not used. */
  readonly constants: ConstantUse[][] = [];
  /** By the id of a register. */
  readonly #intervals: (Interval | undefined)[];
  readonly #loops: Loops;

  constructor(items: readonly MachineItem[], loops: Loops, registers: number) {
    this.#loops = loops;
    this.#intervals = Array.from({ length: registers }, () => undefined);
    for (let at = 0; at < items.length; at++) {
      const item = items[at];
      if (item.kind !== "op") continue;
      const { operands, mask, defines, updates } = item;
      for (let i = defines && !updates ? 1 : 0; i < operands.length; i++) this.#read(item, operands[i], i, at);
      if (mask !== undefined) this.#read(item, mask, -1, at);
      if (defines) this.#touch(operands[0] as VirtualRegister, at, 2 * at + 1);
    }
  }

  #read(op: MachineOp, operand: MachineOperand, i: number, at: number): void {
    if (typeof operand === "number") return;
    if (operand.kind === "register") this.#touch(operand, at, 2 * at);
    else if (operand.kind === "constant") {
      while (this.constants.length <= operand.id) this.constants.push([]);
      this.constants[operand.id].push({ at, loop: this.#loops.of[at], op, operand: i });
    }
  }

  #touch(register: VirtualRegister, at: number, position: number): void {
    const loop = this.#loops.of[at];
    const interval = this.#intervals[register.id];
    if (interval === undefined) {
      const made = { register, first: at, start: position, end: position, weight: weightAt(loop) };
      this.#intervals[register.id] = made;
      this.intervals.push(made);
      return;
    }
    interval.weight += weightAt(loop);
    if (position > interval.end) interval.end = position;
    const defining = this.#loops.of[interval.first];
    if (loop === defining) return;
    // Read in a loop that it enters alive: alive until the loop's last round ends.
    for (let l = loop; l !== undefined; l = l.parent) if (l.begin > interval.first) interval.end = Math.max(interval.end, 2 * l.end + 1);
    // Written in a loop and read behind it: alive in all rounds.
    for (let l = defining; l !== undefined; l = l.parent) if (l.end < at) interval.start = Math.min(interval.start, 2 * l.begin);
  }
}

/** The intervals that each physical register holds, by its number. */
type Occupied = Readonly<Record<RegisterFile, readonly Interval[][]>>;

function scan(
  intervals: readonly Interval[],
  items: readonly MachineItem[],
  count: number,
  files: RegisterFiles,
): { registers: Int8Array; spilled: VirtualRegister[]; occupied: Occupied } {
  const registers = new Int8Array(count).fill(-1);
  const spilled: VirtualRegister[] = [];
  const occupied = { vector: emptyLists(files.vector), mask: emptyLists(files.mask) };
  const holders: Record<RegisterFile, (Interval | undefined)[]> = {
    vector: occupied.vector.map(() => undefined),
    mask: occupied.mask.map(() => undefined),
  };
  for (const interval of intervals.toSorted((a, b) => a.start - b.start)) {
    const { register, start } = interval;
    const holding = holders[register.file];
    let free = -1;
    for (const physical of files[register.file]) {
      const holder = holding[physical];
      if (holder !== undefined && holder.end >= start) continue;
      holding[physical] = undefined;
      if (free < 0) free = physical;
    }
    let physical = free < 0 ? free : hinted(interval, items, registers, holding, free);
    if (physical < 0) {
      let victim = interval;
      for (const other of holding) if (other !== undefined && price(other) < price(victim)) victim = other;
      invariant(!victim.register.transient, "no register is free for a single instruction");
      spilled.push(victim.register);
      if (victim === interval) continue;
      physical = registers[victim.register.id];
      const list = occupied[register.file][physical];
      list.splice(list.indexOf(victim), 1);
    }
    holding[physical] = interval;
    registers[register.id] = physical;
    occupied[register.file][physical].push(interval);
  }
  return { registers, spilled, occupied };
}

const emptyLists = (physical: readonly number[]): Interval[][] => Array.from({ length: Math.max(0, ...physical) + 1 }, () => []);

/** What spilling a register costs for the room that it gives. */
const price = (i: Interval): number => (i.register.transient ? Number.POSITIVE_INFINITY : i.weight / (i.end - i.start + 1));

/** The free register that a result would best share: that of the addend of a multiply-add or of the source of a move. */
function hinted(
  { register, first }: Interval,
  items: readonly MachineItem[],
  registers: Int8Array,
  holding: readonly (Interval | undefined)[],
  otherwise: number,
): number {
  const item = items[first];
  if (item.kind !== "op" || item.operands[0] !== register) return otherwise;
  const order = item.name === "fma" ? fmaHints : item.name === "move" ? moveHints : noHints;
  for (const i of order) {
    const source: MachineOperand = item.operands[i];
    if (typeof source !== "object" || source.kind !== "register" || source.file !== register.file) continue;
    const physical = registers[source.id];
    if (physical >= 0 && holding[physical] === undefined) return physical;
  }
  return otherwise;
}

const fmaHints = [3, 1, 2];
const moveHints = [1];
const noHints: readonly number[] = [];

function placeConstants(
  constants: readonly (readonly ConstantUse[])[],
  loops: Loops,
  occupied: Occupied,
  files: RegisterFiles,
): { placements: (Placement[] | undefined)[]; materialized: Map<number, Materialized[]> } {
  const placements: (Placement[] | undefined)[] = [];
  const materialized = new Map<number, Materialized[]>();
  const taken: Record<RegisterFile, (Placement[] | undefined)[]> = { vector: [], mask: [] };
  const isFree = (file: RegisterFile, register: number, begin: number, end: number): boolean => {
    for (const i of occupied[file][register]) if (i.end >= 2 * begin && i.start <= 2 * end + 1) return false;
    for (const p of taken[file][register] ?? []) if (p.end >= begin && p.begin <= end) return false;
    return true;
  };

  const place = (constant: Constant, uses: readonly ConstantUse[], region: Loop | undefined): void => {
    const begin = region ? region.begin : -1;
    const end = region ? region.end : loops.of.length;
    // A register that is filled and read once gains nothing over the pool.
    if (uses.every((u) => u.loop === region)) return;
    const register = files[constant.file].find((r) => isFree(constant.file, r, begin, end));
    if (register !== undefined) {
      const placement = { begin, end, register };
      (placements[constant.id] ??= []).push(placement);
      (taken[constant.file][register] ??= []).push(placement);
      const width = uses.reduce<VectorWidth>((most, u) => (u.op.width > most ? u.op.width : most), 128);
      materialized.set(begin, [...(materialized.get(begin) ?? []), { constant, width, register }]);
      return;
    }
    for (const child of loops.all) {
      if (child.parent !== region) continue;
      const inside = uses.filter((u) => child.begin <= u.at && u.at <= child.end);
      if (inside.length > 0) place(constant, inside, child);
    }
  };
  const ordered = constants.filter((uses) => uses.length > 0).map((uses) => ({ uses, gain: gainOf(uses) }));
  for (const { uses } of ordered.toSorted((a, b) => b.gain - a.gain)) {
    const constant = constantOf(uses[0]);
    // Zeros are made where they are needed by an instruction that needs no execution unit.
    const hot = constant.words.every((w) => w === 0) ? uses.filter((u) => u.op.name !== "move") : uses;
    if (hot.length > 0) place(constant, hot, undefined);
  }
  return { placements, materialized };
}

const constantOf = ({ op, operand }: ConstantUse): Constant => (operand < 0 ? op.mask : op.operands[operand]) as Constant;

/** How much the code gains by a register: uses that need one count more than those that read memory as well. */
function gainOf(uses: readonly ConstantUse[]): number {
  let gain = 0;
  for (const { loop, op, operand } of uses)
    gain += weightAt(loop) * (operand < 0 || !acceptsMemory(op, operand) ? 4 : op.name === "move" ? 0.5 : 1);
  return gain;
}
