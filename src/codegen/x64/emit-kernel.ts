import { invariant, VintnerError } from "../../common/errors.ts";
import type { IndexDefinition, IndexExpression, IndexVariable, Kernel, MemoryElement, Statement } from "../../kernel/kernel.ts";
import { type AddressPlan, constantRounds, type ForStatement, planAddresses, type Pointer } from "../address-plan.ts";
import { allocateRegisters, type Allocation } from "./allocate-registers.ts";
import { Assembler, type Label, type ListingLine, type Memory } from "./assembler.ts";
import { type Entry, type General, GeneralRegisters, rax, rcx, rdi, rdx, rsi, rsp } from "./general-registers.ts";
import type { MachineItem } from "./machine.ts";
import { type Drifts, PointerRegisters } from "./pointer-registers.ts";
import type { InstructionName } from "./instructions.ts";
import type { KernelTarget } from "../../kernel/target.ts";
import { isAvx512 } from "./instruction-buffer.ts";
import { selectInstructions } from "./select.ts";
import { fitsByte, ScalarArithmetic } from "./scalar-arithmetic.ts";
import { ScalarUsage } from "./scalar-usage.ts";
import { VectorEncoder } from "./vector-encoder.ts";

export interface EmittedKernel {
  /** `void kernel(void** buffers, int64 begin, int64 end, void* scratch)`, System V, position independent, to lie at a multiple of 64. */
  readonly code: Uint8Array;
  readonly spills: Allocation["spills"];
  /** Only where asked for. */
  readonly listing: readonly ListingLine[];
}

const range = (first: number, end: number): number[] => Array.from({ length: end - first }, (_, i) => first + i);

/** Machine code of a kernel: selection, register allocation, encoding. */
export function emitKernel(kernel: Kernel, target: KernelTarget, options: { readonly listing?: boolean } = {}): EmittedKernel {
  const plan = planAddresses(kernel);
  const allocation = allocateRegisters(selectInstructions(kernel, target, plan), {
    vector: range(0, target.vectorRegisters),
    mask: isAvx512(target) ? range(1, 8) : [],
  });
  const assembler = new Assembler(options);
  new KernelEmitter(kernel, target, plan, allocation, assembler).emit();
  const code = assembler.finish();
  if (code.length > mostCodeBytes)
    throw new VintnerError("UNSUPPORTED", {
      what: "a kernel of too much code",
      where: `kernel "${kernel.name}"`,
      expected: `at most ${mostCodeBytes} bytes`,
      got: `${code.length}`,
    });
  return { code, spills: allocation.spills, listing: assembler.listing };
}

/** Far above what the budget of statements comes to. */
const mostCodeBytes = 2 ** 23;
/** Calls on the runtime's pool have 256 KB of stack. */
const largestFrame = 2 ** 17;
const calleeSaved = [3, 5, 12, 13, 14, 15];
type IndexStatement = Extract<Statement, { readonly kind: "index" }>;

interface OpenLoop {
  readonly loop: ForStatement;
  readonly rounds: number | undefined;
  readonly counter: General;
  readonly end: General | undefined;
  readonly entry: Entry;
  readonly head: Label | undefined;
  readonly exit: Label | undefined;
  /** Drift of each pointer where the loop begins. */
  readonly drifts: Drifts;
  readonly saved: readonly { readonly pointer: Pointer; readonly slot: number }[];
}

interface OpenIf {
  readonly otherwise: Label;
  readonly end: Label;
  readonly drifts: Drifts;
}

/** The frame of a kernel, and its scalar side: counters, branches, index variables. */
class KernelEmitter {
  readonly #kernel: Kernel;
  readonly #plan: AddressPlan;
  readonly #allocation: Allocation;
  readonly #assembler: Assembler;
  readonly #general: GeneralRegisters;
  readonly #vectors: VectorEncoder;
  readonly #scalars: ScalarArithmetic;
  readonly #pointers: PointerRegisters;
  readonly #variables = new Map<number, General>();
  readonly #usage: ScalarUsage;
  readonly #loops: OpenLoop[] = [];
  readonly #ifs: OpenIf[] = [];
  readonly #scopeSaves = new Map<IndexStatement, { readonly pointer: Pointer; readonly slot: number; readonly drift: number }[]>();

  constructor(kernel: Kernel, target: KernelTarget, plan: AddressPlan, allocation: Allocation, assembler: Assembler) {
    this.#kernel = kernel;
    this.#plan = plan;
    this.#allocation = allocation;
    this.#assembler = assembler;
    this.#general = new GeneralRegisters(assembler, allocation.slots * 64);
    this.#vectors = new VectorEncoder(assembler, target, allocation, (address) => this.#pointers.memory(address));
    this.#scalars = new ScalarArithmetic(assembler, (variable) => this.#variable(variable));
    this.#pointers = new PointerRegisters(assembler, this.#general, this.#scalars, plan);
    this.#usage = new ScalarUsage(plan);
  }

  emit(): void {
    const a = this.#assembler;
    const g = this.#general;
    for (const r of calleeSaved) a.op("push", 128, [r]);
    a.op("mov", 128, [rax, rsp]);
    const reserve = a.reserveStack();
    a.op("and.b", 128, [rsp, -64]);
    const [savedStack, buffers, end, scratch] = [g.newSlot(), g.newSlot(), g.newSlot(), g.newSlot()];
    const task: General = { name: "task" };
    this.#variables.set(this.#kernel.task.id, task);
    g.defineInSlot(task);
    a.op("mov.store", 128, [g.slotMemory(savedStack), rax]);
    a.op("mov.store", 128, [g.slotMemory(buffers), rdi]);
    a.op("mov.store", 128, [g.operand(task), rsi]);
    a.op("mov.store", 128, [g.slotMemory(end), rdx]);
    if (this.#kernel.scratchBytes > 0) a.op("mov.store", 128, [g.slotMemory(scratch), rcx]);
    const done = a.label();
    a.op("cmp", 128, [rsi, rdx]);
    a.jumpIf("ge", done);
    this.#vectors.materialize(-1);

    const head = a.label();
    a.bind(head);
    const weights = this.#weights(this.#kernel.body);
    weights.delete(task);
    const entry = g.enter(weights);
    for (const pointer of this.#plan.pointers) this.#start(pointer, buffers, scratch, task);
    for (const [i, item] of this.#allocation.items.entries()) this.#item(item, i);
    g.leave(entry);
    if (this.#kernel.tasks > 1) {
      const memory = g.operand(task);
      a.op("mov", 128, [rax, memory]);
      a.op("add.b", 128, [rax, 1]);
      a.op("mov.store", 128, [memory, rax]);
      a.op("cmp", 128, [rax, g.slotMemory(end)]);
      a.jumpIf("l", head);
    }
    a.bind(done);
    a.op("mov", 128, [rsp, g.slotMemory(savedStack)]);
    for (const r of calleeSaved.toReversed()) a.op("pop", 128, [r]);
    a.op("vzeroupper", 128, []);
    a.op("ret", 128, []);
    invariant(g.frameBytes < largestFrame, `kernel ${this.#kernel.name} needs ${g.frameBytes} bytes of stack`);
    reserve(g.frameBytes + 64);
  }

  #start(pointer: Pointer, buffers: number, scratch: number, task: General): void {
    const a = this.#assembler;
    const { access, index } = pointer.buffer;
    const load = (register: number): void => {
      a.op("mov", 128, [register, this.#general.slotMemory(access === "scratch" ? scratch : buffers)]);
      if (access !== "scratch") a.op("mov", 128, [register, { base: register, displacement: index * 8 }]);
    };
    const advance = this.#plan.advances(this.#kernel.task).find((x) => x.pointer === pointer);
    this.#pointers.start(pointer, load, task, advance?.bytes ?? 0);
  }

  #item(item: MachineItem, i: number): void {
    switch (item.kind) {
      case "op":
        this.#vectors.encode(item, i);
        break;
      case "for":
        this.#beginLoop(item.loop, i);
        break;
      case "endFor":
        this.#endLoop();
        break;
      case "if":
        this.#beginIf(item.statement.nonNegative);
        break;
      case "else":
        this.#else();
        break;
      case "endIf":
        this.#endIf();
        break;
      case "index":
        this.#index(item.statement);
        break;
      case "endScope":
        for (const s of item.statements.toReversed()) this.#endScope(s);
    }
  }

  // Loops

  #beginLoop(loop: ForStatement, at: number): void {
    const a = this.#assembler;
    const g = this.#general;
    const rounds = constantRounds(loop);
    const byValue = this.#plan.isValueUsed(loop.variable);
    const counter: General = { name: loop.variable.name };
    const end: General | undefined = byValue && loop.end.terms.length > 0 ? { name: `end of ${loop.variable.name}` } : undefined;
    if (byValue) this.#variables.set(loop.variable.id, counter);
    const moved = this.#plan.advances(loop.variable).map((x) => x.pointer);

    const weights = this.#weights(loop.body, 10);
    for (const p of moved) weights.set(this.#pointers.value(p), (weights.get(this.#pointers.value(p)) ?? 0) + 10);
    const isLoop = rounds !== 1;
    if (isLoop || byValue) weights.set(counter, (weights.get(counter) ?? 0) + 10);
    if (end && isLoop) weights.set(end, 10);
    const drifts = this.#pointers.drifts();
    const entry = g.enter(weights);

    // With unknown rounds the way back is a copy.
    const saved =
      rounds === undefined
        ? moved
            .filter((p) => !entry.promoted.some((x) => x.value === this.#pointers.value(p)))
            .map((pointer) => ({ pointer, slot: this.#pointers.save(pointer, rax) }))
        : [];
    let exit: Label | undefined;
    if (byValue) {
      this.#scalars.evaluate(loop.begin);
      a.op("mov.store", 128, [g.operand(counter), rax]);
      if (isLoop) {
        if (end) {
          this.#scalars.evaluate(loop.end);
          a.op("mov.store", 128, [g.operand(end), rax]);
        }
        if (rounds === undefined) {
          exit = a.label();
          this.#compareWithEnd(counter, end, loop);
          a.jumpIf("ge", exit);
        }
      }
    } else if (isLoop) {
      if (rounds === undefined) {
        this.#scalars.evaluateDifference(loop.end, loop.begin);
        a.op("mov.store", 128, [g.operand(counter), rax]);
        exit = a.label();
        a.op("test", 128, [rax, rax]);
        a.jumpIf("le", exit);
      } else this.#scalars.assign(g.operand(counter), rounds);
    }
    this.#vectors.materialize(at);
    let head: Label | undefined;
    if (isLoop) {
      if (!loop.body.some((s) => s.kind === "for")) a.align(32);
      head = a.label();
      a.bind(head);
    }
    this.#loops.push({ loop, rounds, counter, end, entry, head, exit, drifts, saved });
  }

  #endLoop(): void {
    const a = this.#assembler;
    const g = this.#general;
    const { loop, rounds, counter, end, entry, head, exit, drifts, saved } = this.#loops.pop() as OpenLoop;
    const steps = new Map(this.#plan.advances(loop.variable).map((x) => [x.pointer, x.bytes * loop.step]));
    if (head) {
      this.#pointers.settle(drifts, steps);
      if (this.#plan.isValueUsed(loop.variable)) {
        this.#scalars.addImmediate(g.operand(counter), loop.step);
        this.#compareWithEnd(counter, end, loop);
        a.jumpIf("l", head);
      } else {
        this.#scalars.addImmediate(g.operand(counter), rounds === undefined ? -loop.step : -1);
        a.jumpIf(rounds === undefined ? "g" : "ne", head);
      }
    }
    if (exit) a.bind(exit);
    for (const { pointer, slot } of saved) this.#pointers.restore(pointer, slot);
    if (rounds !== undefined && rounds > 1)
      for (const [pointer, bytes] of steps) this.#pointers.setDrift(pointer, (drifts.get(pointer) as number) + rounds * bytes);
    g.leave(entry);
    for (const { value, before } of entry.promoted) if (before !== undefined) this.#pointers.revert(value, drifts);
    this.#variables.delete(loop.variable.id);
    if (g.has(counter)) g.release(counter);
    if (end) g.release(end);
  }

  #compareWithEnd(counter: General, end: General | undefined, loop: ForStatement): void {
    const place = this.#general.operand(counter);
    if (end) {
      const register = this.#general.inRegister(counter, rax);
      this.#assembler.op("cmp", 128, [register, this.#general.operand(end)]);
    } else this.#assembler.op(fitsByte(loop.end.constant) ? "cmp.b" : "cmp.i", 128, [place, loop.end.constant]);
  }

  // Branches and indices

  #beginIf(nonNegative: IndexExpression): void {
    this.#scalars.evaluate(nonNegative);
    const otherwise = this.#assembler.label();
    this.#assembler.op("test", 128, [rax, rax]);
    this.#assembler.jumpIf("s", otherwise);
    this.#ifs.push({ otherwise, end: this.#assembler.label(), drifts: this.#pointers.drifts() });
  }
  #else(): void {
    const open = this.#ifs.at(-1) as OpenIf;
    this.#pointers.settle(open.drifts);
    this.#assembler.jump(open.end);
    this.#assembler.bind(open.otherwise);
  }
  #endIf(): void {
    const open = this.#ifs.pop() as OpenIf;
    this.#pointers.settle(open.drifts);
    this.#assembler.bind(open.end);
  }
  #index(statement: IndexStatement): void {
    const { variable, definition } = statement;
    this.#define(definition);
    if (this.#plan.isValueUsed(variable)) {
      const value: General = { name: variable.name };
      this.#variables.set(variable.id, value);
      this.#general.define(value);
      this.#assembler.op("mov.store", 128, [this.#general.operand(value), rax]);
    }
    const nested = this.#loops.length + this.#ifs.length > 0;
    const saves: { pointer: Pointer; slot: number; drift: number }[] = [];
    for (const { pointer, bytes } of this.#plan.advances(variable)) {
      // The value in rax has to outlive the copy.
      if (nested) saves.push({ pointer, slot: this.#pointers.save(pointer, rcx), drift: this.#pointers.drift(pointer) });
      this.#pointers.advanceByRax(pointer, bytes);
    }
    this.#scopeSaves.set(statement, saves);
  }

  /** An index variable's value, into rax. */
  #define(d: IndexDefinition): void {
    switch (d.op) {
      case "divide":
      case "modulo":
        this.#scalars.evaluate(d.a);
        if (d.op === "divide") this.#scalars.divide(d.by);
        else this.#scalars.remainder(d.by);
        break;
      case "min":
      case "max":
        this.#scalars.evaluateExtreme(d.op, d.a, d.b);
        break;
      case "load": {
        const load = indexLoads[d.element];
        invariant(load !== undefined, `an index of ${d.element} in buffer ${d.buffer.name}`);
        this.#assembler.op(load, 128, [rax, this.#pointers.memory({ ...this.#plan.access(d), broadcast: false })]);
        this.#scalars.clamp(d.least, d.most);
      }
    }
  }

  #endScope(statement: IndexStatement): void {
    for (const { pointer, slot, drift } of this.#scopeSaves.get(statement) ?? []) {
      this.#pointers.restore(pointer, slot);
      this.#pointers.setDrift(pointer, drift);
    }
    const value = this.#variables.get(statement.variable.id);
    if (value) this.#general.release(value);
  }

  // Scalars

  #variable(variable: IndexVariable): number | Memory {
    const value = this.#variables.get(variable.id);
    invariant(value !== undefined, `index ${variable.name} is read outside of its scope`);
    return this.#general.operand(value);
  }

  /** How often statements use each value that has a place now. */
  #weights(statements: readonly Statement[], unit = 1): Map<General, number> {
    const weights = new Map<General, number>();
    for (const [used, weight] of this.#usage.of(statements)) {
      const value = "buffer" in used ? this.#pointers.value(used) : this.#variables.get(used.id);
      if (value) weights.set(value, weight * unit);
    }
    return weights;
  }
}

/** The scalar loads that widen an index. */
const indexLoads: Readonly<Record<MemoryElement, InstructionName | undefined>> = {
  i64: "mov",
  i32: "movsxd",
  u16: "movzx.w",
  i16: "movsx.w",
  u8: "movzx.b",
  i8: "movsx.b",
  f32: undefined,
  f16: undefined,
  bf16: undefined,
};
