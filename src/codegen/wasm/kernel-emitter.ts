import { invariant, VintnerError } from "../../common/errors.ts";
import { registerSetBy, registersReadBy } from "../../kernel/for-each-statement.ts";
import type { IndexVariable, Kernel, Register, Statement } from "../../kernel/kernel.ts";
import type { KernelTarget } from "../../kernel/target.ts";
import {
  type Access,
  type AddressPlan,
  type Advance,
  constantRounds,
  type ForStatement,
  planAddresses,
  type Pointer,
} from "../address-plan.ts";
import { emitCompute } from "./emit-compute.ts";
import { type Address, emitBroadcast, emitLoad, emitStore } from "./emit-memory.ts";
import type { FunctionAssembler, FunctionType } from "./function-assembler.ts";
import { IndexEmitter } from "./index-emitter.ts";
import type { Instruction } from "./instructions.ts";
import { LocalPool } from "./local-pool.ts";
import { f32Bits, type VectorContext } from "./vector-context.ts";

/** A kernel as a function: the address of its operands' addresses, the first task, the task behind the last. Negative tasks do nothing. */
export const kernelFunctionType: FunctionType = { params: ["i32", "i32", "i32", "i32"], results: [] };

/**
 * Bytes at the start of the memory that no operand occupies. A pointer may lie before its buffer by as much as an access
 * adds to it again; as address arithmetic does not wrap, larger displacements are added by an instruction, which does.
 */
export const reservedBytes = 1 << 20;

const operandsParameter = 0;
const beginParameter = 1;
const endParameter = 2;

type ValueStatement = Extract<Statement, { kind: "load" | "compute" }>;

/** A value that has one use, in its own block, and is computed there: no local is needed. */
interface PendingValue {
  readonly statement: ValueStatement;
  readonly address: Address | undefined;
  readonly readsMemory: boolean;
  readonly mutables: ReadonlySet<number>;
  /** Values inside each other. */
  readonly depth: number;
}

/** Vector registers that V8 gives out on x86-64 (one of sixteen is its own). */
const engineRegisters = 15;

/** Values that stay on the operand stack inside each other; deeper ones go to locals. */
const deepestExpression = 50;

/** Writes a kernel's body into a function of kernelFunctionType. */
export function emitKernel(kernel: Kernel, target: KernelTarget, assembler: FunctionAssembler): void {
  if (kernel.scratchBytes > 0) throw new VintnerError("UNSUPPORTED", { what: "WebAssembly has no scratch memory yet" });
  new KernelEmitter(kernel, target, assembler).emit();
}

class KernelEmitter implements VectorContext {
  readonly assembler: FunctionAssembler;
  readonly relaxed: boolean;
  readonly #kernel: Kernel;
  readonly #plan: AddressPlan;
  /** Locals of the pointers as they stand in the present scope. */
  #pointers = new Map<Pointer, number>();
  readonly #indices: IndexEmitter;
  readonly #locals: LocalPool;
  readonly #registers = new Map<number, number>();
  /** Bits of registers that are constants. */
  readonly #constantRegisters = new Map<number, number>();
  readonly #constantLocals = new Map<number, number>();
  readonly #pending = new Map<number, PendingValue>();
  /** Reads that are still to come, by register. */
  readonly #reads = new Map<number, number>();
  /** The block of a register's first read: where there is but one, the only. */
  readonly #readBlock = new Map<number, readonly Statement[]>();
  readonly #definitionBlock = new Map<number, readonly Statement[]>();
  #block: readonly Statement[];
  /** Registers set in the present block. */
  #defined: number[] = [];
  /** Whether the straight-line code here is cut into basic blocks. */
  #isCut = false;
  /** Loads emitted and mutable registers set since the straight-line code here began. */
  #straightLoads = 0;
  #updates = 0;
  #mutables = 0;
  readonly #mutableIds = new Set<number>();
  #boundaries = 0;

  constructor(kernel: Kernel, target: KernelTarget, assembler: FunctionAssembler) {
    this.#kernel = kernel;
    this.assembler = assembler;
    this.#locals = new LocalPool(assembler);
    this.#indices = new IndexEmitter(assembler, this.#locals);
    this.relaxed = target.name === "wasm-relaxed";
    this.#plan = planAddresses(kernel);
    this.#block = kernel.body;
    this.#countReads(kernel.body);
  }

  emit(): void {
    const { assembler: a } = this;
    const bases = this.#kernel.buffers.map((buffer) => {
      const base = a.local("i32");
      a.get(operandsParameter);
      a.op("i32.load", 2, buffer.index * 4);
      a.set(base);
      return base;
    });
    for (const pointer of this.#plan.pointers) {
      const local = a.local("i32");
      a.get(bases[pointer.buffer.index]);
      this.#indices.addConstant(pointer.origin);
      a.set(local);
      this.#pointers.set(pointer, local);
    }
    const task = a.local("i32");
    this.#indices.bind(this.#kernel.task, task);
    a.get(beginParameter);
    a.set(task);
    a.get(task);
    a.get(endParameter);
    a.op("i32.lt_s");
    a.if(() =>
      a.loop(() => {
        a.get(task);
        a.i32(0);
        a.op("i32.ge_s");
        a.if(() => {
          this.#advance(this.#kernel.task, this.#plan.advances(this.#kernel.task));
          this.#statements(this.#kernel.body);
        });
        a.get(task);
        a.i32(1);
        a.op("i32.add");
        a.op("local.tee", task);
        a.get(endParameter);
        a.op("i32.lt_s");
        a.op("br_if", 0);
      }),
    );
    a.prepend(this.#constantPrologue());
  }

  // Values

  constant(bits: number): void {
    // Zero is made by one instruction anywhere; others are loaded once, at the function's begin.
    if (bits === 0) {
      this.assembler.op("v128.const", ...splatBytes(0));
      return;
    }
    let local = this.#constantLocals.get(bits);
    if (local === undefined) {
      local = this.assembler.local("v128");
      this.#constantLocals.set(bits, local);
    }
    this.assembler.get(local);
  }

  withScratch(body: (local: number) => void): void {
    this.#locals.withLocal("v128", body);
  }

  #constantPrologue(): Instruction[] {
    return [...this.#constantLocals].flatMap(([bits, local]): Instruction[] => [
      { name: "v128.const", immediates: splatBytes(bits) },
      { name: "local.set", immediates: [local] },
    ]);
  }

  #push(register: Register): void {
    const { id } = register;
    const pending = this.#pending.get(id);
    if (pending) {
      this.#pending.delete(id);
      this.#value(pending);
      return;
    }
    const bits = this.#constantRegisters.get(id);
    if (bits !== undefined) {
      this.constant(bits);
      return;
    }
    const local = this.#registers.get(id) as number;
    this.assembler.get(local);
    const reads = (this.#reads.get(id) as number) - 1;
    this.#reads.set(id, reads);
    if (reads === 0 && !register.mutable && this.#definitionBlock.get(id) === this.#block) {
      this.#registers.delete(id);
      this.#locals.giveBack(local);
    }
  }

  #value({ statement: s, address }: PendingValue): void {
    if (s.kind === "load") {
      this.#straightLoads++;
      if (s.broadcast) emitBroadcast(this, s.element, address as Address);
      else emitLoad(this, s.element, address as Address, s.count);
      return;
    }
    emitCompute(this, {
      op: s.op,
      element: (s.op === "select" ? s.operands[1] : s.operands[0]).element,
      lanes: s.target.lanes,
      immediate: s.immediate ?? 0,
      push: (i) => this.#push(s.operands[i]),
    });
  }

  #set(register: Register): void {
    let local = this.#registers.get(register.id);
    if (local === undefined) {
      local = this.#locals.take("v128");
      this.#registers.set(register.id, local);
      if (register.mutable) {
        this.#mutables++;
        this.#mutableIds.add(register.id);
      }
      this.#definitionBlock.set(register.id, this.#block);
      this.#defined.push(register.id);
    }
    this.assembler.set(local);
  }

  /** Computes pending values that must not wait, except those that `operands` are about to take. */
  #flush(mustNotWait: (value: PendingValue) => boolean, operands: readonly Register[] = []): void {
    const kept = new Set<number>();
    const keep = (register: Register): void => {
      const pending = this.#pending.get(register.id);
      if (!pending) return;
      kept.add(register.id);
      registersReadBy(pending.statement).forEach(keep);
    };
    operands.forEach(keep);
    for (const [id, value] of this.#pending)
      if (!kept.has(id) && mustNotWait(value)) {
        this.#pending.delete(id);
        this.#value(value);
        this.#set(value.statement.target);
      }
  }

  // Statements

  #statements(statements: readonly Statement[]): void {
    const outerBlock = this.#block;
    const outerPointers = this.#pointers;
    const outerMutables = this.#mutables;
    this.#straightLoads = 0;
    this.#block = statements;
    this.#pointers = new Map(outerPointers);
    const outerDefined = this.#defined;
    this.#defined = [];
    for (let i = 0; i < statements.length;) {
      const end = straightEnd(statements, i);
      const run = statements.slice(i, Math.max(end, i + 1));
      this.#isCut = needsCuts(run);
      if (this.#isCut) this.assembler.block(() => run.forEach((s) => this.#statement(s)));
      else run.forEach((s) => this.#statement(s));
      this.#isCut = false;
      i += run.length;
    }
    for (const id of this.#defined) {
      const local = this.#registers.get(id);
      if (local === undefined) continue;
      this.#registers.delete(id);
      this.#locals.giveBack(local);
    }
    this.#defined = outerDefined;
    invariant(this.#pending.size === 0, `kernel ${this.#kernel.name}: a value that nothing took`);
    this.#mutables = outerMutables;
    this.#straightLoads = 0;
    this.#block = outerBlock;
    this.#pointers = outerPointers;
  }

  #statement(s: Statement): void {
    const { assembler: a } = this;
    switch (s.kind) {
      case "for":
        this.#flush(() => true);
        this.#loop(s);
        return;
      case "if":
        this.#flush(() => true);
        this.#indices.push(s.nonNegative);
        a.i32(0);
        a.op("i32.ge_s");
        a.if(() => this.#statements(s.then), s.otherwise.length > 0 ? () => this.#statements(s.otherwise) : undefined);
        return;
      case "index": {
        const local = this.#locals.take("i32");
        this.#indices.pushDefinition(s.definition, s.definition.op === "load" ? this.#address(this.#plan.access(s.definition)) : undefined);
        a.set(local);
        this.#indices.bind(s.variable, local);
        this.#advance(s.variable, this.#plan.advances(s.variable));
        return;
      }
      case "constant":
        this.#constantRegisters.set(s.target.id, s.target.element === "f32" ? f32Bits(s.value) : s.value | 0);
        return;
      case "load":
        this.#separate();
        this.#define(s);
        return;
      case "compute":
        this.#define(s);
        return;
      case "gather":
        throw new VintnerError("UNSUPPORTED", { what: "WebAssembly does not gather yet" });
      case "store":
        this.#flush((value) => value.readsMemory, [s.value]);
        if (s.saturate) throw new VintnerError("UNSUPPORTED", { what: "WebAssembly does not saturate yet" });
        emitStore(this, s.element, this.#address(this.#plan.access(s)), s.count, () => this.#push(s.value));
        return;
      case "assign":
        this.#flush((value) => value.mutables.has(s.target.id), [s.value]);
        this.#push(s.value);
        this.#set(s.target);
        return;
    }
  }

  #define(statement: ValueStatement): void {
    const { target } = statement;
    const operands = registersReadBy(statement);
    const address = statement.kind === "load" ? this.#address(this.#plan.access(statement)) : undefined;
    const inner = operands.flatMap((r) => this.#pending.get(r.id) ?? []);
    const depth = 1 + Math.max(0, ...inner.map((v) => v.depth));
    const value: PendingValue = {
      statement,
      address,
      readsMemory: statement.kind === "load" || inner.some((v) => v.readsMemory),
      mutables: new Set([...operands.filter((r) => r.mutable).map((r) => r.id), ...inner.flatMap((v) => [...v.mutables])]),
      depth,
    };
    if (!target.mutable) {
      const reads = this.#reads.get(target.id) ?? 0;
      if (reads === 0) return;
      if (reads === 1 && depth < deepestExpression && this.#readBlock.get(target.id) === this.#block) {
        this.#pending.set(target.id, value);
        return;
      }
    } else {
      this.#updates++;
      this.#flush((v) => v.mutables.has(target.id), operands);
    }
    this.#value(value);
    this.#set(target);
  }

  /**
   * Ends the basic block before a load where the loads until here have all been consumed and as many again would not fit
   * the registers: V8's scheduler puts the loads of a block first and the arithmetic last, so that unrolled steps would
   * spill. The branch leaves the loop, where the sums are live, so that they are formed before it. It is never taken (task
   * numbers are not negative), but each compares with another number, so that none is removed.
   */
  #separate(): void {
    if (!this.#isCut || this.#pending.size > 0) return;
    const held = this.#heldValues();
    const atStepsEnd = held === 0 && this.#mutables + 2 * this.#straightLoads > engineRegisters;
    const full = this.#updates > 0 && this.#mutables + Math.max(held, this.#straightLoads) + 1 > engineRegisters;
    if (!atStepsEnd && !full) return;
    this.#updates = 0;
    const { assembler: a } = this;
    this.#indices.pushVariable(this.#kernel.task);
    a.i32(--this.#boundaries);
    a.op("i32.eq");
    a.op("br_if", 0);
    this.#straightLoads = 0;
  }

  /** Values of this block that are still to be read. */
  #heldValues(): number {
    let held = 0;
    for (const id of this.#registers.keys()) if (this.#definitionBlock.get(id) === this.#block && !this.#mutableIds.has(id)) held++;
    return held;
  }

  #loop(s: ForStatement): void {
    const { assembler: a } = this;
    const rounds = constantRounds(s);
    if (rounds === 0) return;
    const advances = this.#plan.advances(s.variable).filter(({ pointer }) => this.#plan.pointersOf(s.body).has(pointer));
    const countsDown = rounds !== undefined && !this.#plan.isValueUsed(s.variable);
    const variable = this.#locals.take("i32");
    if (countsDown) a.i32(rounds);
    else this.#indices.push(s.begin);
    a.set(variable);
    this.#indices.bind(s.variable, variable);
    if (rounds === 1) {
      this.#statements(s.body);
      this.#locals.giveBack(variable);
      return;
    }
    const end = s.end.terms.length > 0 && !countsDown ? this.#locals.take("i32") : undefined;
    if (end !== undefined) {
      this.#indices.push(s.end);
      a.set(end);
    }
    const pushEnd = (): void => (end === undefined ? a.i32(s.end.constant) : a.get(end));
    const outerPointers = this.#pointers;
    const whole = (): void => {
      this.#pointers = new Map(outerPointers);
      for (const { pointer } of advances) {
        const local = this.#locals.take("i32");
        a.get(outerPointers.get(pointer) as number);
        a.set(local);
        this.#pointers.set(pointer, local);
      }
      a.loop(() => {
        this.#statements(s.body);
        for (const { pointer, bytes } of advances) {
          const local = this.#pointers.get(pointer) as number;
          a.get(local);
          this.#indices.addConstant(bytes * s.step);
          a.set(local);
        }
        a.get(variable);
        this.#indices.addConstant(countsDown ? -1 : s.step);
        a.op("local.tee", variable);
        if (!countsDown) {
          pushEnd();
          a.op("i32.lt_s");
        }
        a.op("br_if", 0);
      });
      for (const { pointer } of advances) this.#locals.giveBack(this.#pointers.get(pointer) as number);
      this.#pointers = outerPointers;
    };
    if (rounds === undefined) {
      a.get(variable);
      pushEnd();
      a.op("i32.lt_s");
      a.if(whole);
    } else whole();
    this.#locals.giveBack(variable);
    if (end !== undefined) this.#locals.giveBack(end);
  }

  /** Moves pointers by a variable's value, for the rest of the scope: in locals of their own, so that nothing is to be undone. */
  #advance(variable: IndexVariable, advances: readonly Advance[]): void {
    const { assembler: a } = this;
    for (const { pointer, bytes } of advances) {
      const local = a.local("i32");
      a.get(this.#pointers.get(pointer) as number);
      this.#indices.pushScaled(variable, bytes);
      a.op("i32.add");
      a.set(local);
      this.#pointers.set(pointer, local);
    }
  }

  #address({ pointer, displacement }: Access): Address {
    const { assembler: a } = this;
    const local = this.#pointers.get(pointer) as number;
    if (displacement < reservedBytes) return { push: () => a.get(local), offset: displacement };
    return {
      push: () => {
        a.get(local);
        this.#indices.addConstant(displacement);
      },
      offset: 0,
    };
  }

  /** Counts reads by statements that matter: backwards, since a value is read after it is set; mutable registers always matter. */
  #countReads(block: readonly Statement[]): void {
    for (const s of block.toReversed())
      if (s.kind === "for") this.#countReads(s.body);
      else if (s.kind === "if") {
        this.#countReads(s.otherwise);
        this.#countReads(s.then);
      } else {
        const target = registerSetBy(s);
        invariant((target?.lanes ?? 1) <= 4, `kernel ${this.#kernel.name}: ${target?.lanes} lanes in a 128-bit vector`);
        if (target && !target.mutable && !this.#reads.has(target.id)) continue;
        for (const { id } of registersReadBy(s)) {
          this.#reads.set(id, (this.#reads.get(id) ?? 0) + 1);
          this.#readBlock.set(id, block);
        }
      }
  }
}

/** Where the straight-line code that begins at `from` ends: before the next loop, branch or store. */
function straightEnd(statements: readonly Statement[], from: number): number {
  let end = from;
  while (end < statements.length && !["for", "if", "store"].includes(statements[end].kind)) end++;
  return end;
}

/** Whether straight-line code has sums and more loads than registers beside them. */
function needsCuts(run: readonly Statement[]): boolean {
  const sums = new Set(run.filter((s) => s.kind === "compute" && s.target.mutable).map((s) => registerSetBy(s)));
  return sums.size > 0 && sums.size + run.filter((s) => s.kind === "load").length > engineRegisters;
}

const splatBytes = (bits: number): number[] => Array.from({ length: 16 }, (_, i) => (bits >>> ((i & 3) * 8)) & 0xff);
