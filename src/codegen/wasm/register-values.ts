import { invariant } from "../../common/errors.ts";
import { registersReadBy } from "../../kernel/for-each-statement.ts";
import type { Register, Statement } from "../../kernel/kernel.ts";
import { emitCompute } from "./emit-compute.ts";
import { emitGather } from "./emit-gather.ts";
import { type Address, emitBroadcast, emitLoad } from "./emit-memory.ts";
import type { FunctionAssembler } from "./function-assembler.ts";
import type { Instruction } from "./instructions.ts";
import type { LocalPool } from "./local-pool.ts";
import type { RegisterUses } from "./register-uses.ts";
import { f32Bits, type RelaxedDot, type VectorContext, type VectorFeatures } from "./vector-context.ts";

/** Statements that give a register a value. */
export type ValueStatement = Extract<Statement, { kind: "load" | "gather" | "compute" }>;

/** A value that has one use, in its own block, and is computed there: no local is needed. */
interface PendingValue {
  readonly statement: ValueStatement;
  readonly address: Address | undefined;
  readonly readsMemory: boolean;
  /** Registers that it reads and that may be set again before it is computed. */
  readonly mutables: ReadonlySet<number>;
  /** Values inside each other. */
  readonly depth: number;
}

/** Values that stay on the operand stack inside each other; deeper ones go to locals. */
const deepestExpression = 50;

/**
 * The registers of a kernel: constants, locals, and values that wait to be computed where they are used, on the operand stack. A
 * value waits at most until something that it reads changes.
 */
export class RegisterValues implements VectorContext {
  readonly assembler: FunctionAssembler;
  readonly relaxed: boolean;
  readonly relaxedDot: RelaxedDot;
  readonly #pool: LocalPool;
  readonly #uses: RegisterUses;
  readonly #locals = new Map<number, number>();
  /** Bits of registers that are constants. */
  readonly #constants = new Map<number, number>();
  /** Locals of constant vectors, by the bits of all lanes or by their bytes, and how they are loaded. */
  readonly #constantLocals = new Map<number | string, number>();
  readonly #constantPrologue: Instruction[] = [];
  readonly #pending = new Map<number, PendingValue>();
  /** Reads that are still to come, by register. */
  readonly #readsLeft = new Map<number, number>();
  readonly #definitionBlocks = new Map<number, readonly Statement[]>();
  readonly #mutableIds = new Set<number>();
  #block: readonly Statement[] = [];
  /** Registers set in the present block. */
  #defined: number[] = [];

  /** Mutable registers in scope. */
  mutables = 0;
  /** Loads emitted and mutable registers computed, until somebody sets these to 0. */
  loads = 0;
  updates = 0;

  constructor(assembler: FunctionAssembler, pool: LocalPool, uses: RegisterUses, features: VectorFeatures) {
    this.assembler = assembler;
    this.#pool = pool;
    this.#uses = uses;
    this.relaxed = features.relaxed;
    this.relaxedDot = features.relaxedDot;
  }

  // Constants

  readonly constant = (bits: number): void => {
    // Zero is made by one instruction anywhere; others are loaded once, at the function's begin.
    if (bits === 0) this.assembler.op("v128.const", ...splatBytes(0));
    else this.#pushConstant(bits, () => splatBytes(bits));
  };

  readonly vector = (bytes: readonly number[]): void => this.#pushConstant(bytes.join(), () => bytes);

  #pushConstant(key: number | string, bytes: () => readonly number[]): void {
    let local = this.#constantLocals.get(key);
    if (local === undefined) {
      local = this.assembler.local("v128");
      this.#constantLocals.set(key, local);
      this.#constantPrologue.push({ name: "v128.const", immediates: bytes() }, { name: "local.set", immediates: [local] });
    }
    this.assembler.get(local);
  }

  /** Loads the constants that were pushed; to stand before all other code. */
  get constantPrologue(): readonly Instruction[] {
    return this.#constantPrologue;
  }

  readonly withVector = (body: (local: number) => void): void => this.#pool.withLocal("v128", body);

  // Blocks

  /** Registers set while `body` emits a block are its own. */
  inBlock(block: readonly Statement[], body: () => void): void {
    const [outerBlock, outerDefined, outerMutables] = [this.#block, this.#defined, this.mutables];
    this.#block = block;
    this.#defined = [];
    body();
    invariant(this.#pending.size === 0, `kernel ${this.assembler.name}: a value that nothing took`);
    for (const id of this.#defined) {
      const local = this.#locals.get(id);
      if (local === undefined) continue;
      this.#locals.delete(id);
      this.#pool.giveBack(local);
    }
    [this.#block, this.#defined, this.mutables] = [outerBlock, outerDefined, outerMutables];
  }

  get hasPending(): boolean {
    return this.#pending.size > 0;
  }

  /** Values of this block, in locals, that are still to be read. */
  heldValues(): number {
    let held = 0;
    for (const id of this.#locals.keys()) if (this.#definitionBlocks.get(id) === this.#block && !this.#mutableIds.has(id)) held++;
    return held;
  }

  // Values

  setConstant({ target, value }: Extract<Statement, { kind: "constant" }>): void {
    this.#constants.set(target.id, target.element === "f32" ? f32Bits(value) : value | 0);
  }

  /** Gives a register its value: where it is read, if that is once and here, or now. `address` is where memory is read. */
  define(statement: ValueStatement, address?: Address): void {
    const { target } = statement;
    const operands = registersReadBy(statement);
    const inner = operands.flatMap((r) => this.#pending.get(r.id) ?? []);
    const value: PendingValue = {
      statement,
      address,
      readsMemory: address !== undefined || inner.some((v) => v.readsMemory),
      mutables: new Set([...operands.filter((r) => r.mutable).map((r) => r.id), ...inner.flatMap((v) => [...v.mutables])]),
      depth: 1 + Math.max(0, ...inner.map((v) => v.depth)),
    };
    if (target.mutable) {
      this.updates++;
      this.#settle((v) => v.mutables.has(target.id), operands);
    } else {
      if (this.#uses.reads(target) === 0) return;
      if (value.depth < deepestExpression && this.#uses.isReadOnceIn(this.#block, target)) {
        this.#pending.set(target.id, value);
        return;
      }
    }
    this.#compute(value);
    this.#set(target);
  }

  assign(target: Register, value: Register): void {
    this.#settle((v) => v.mutables.has(target.id), [value]);
    this.push(value);
    this.#set(target);
  }

  /** Computes the values that wait. */
  settle(): void {
    this.#settle(() => true, []);
  }
  /** Computes the values that wait and read memory, except what `value`, which is about to be pushed, is made of. */
  settleLoads(value: Register): void {
    this.#settle((v) => v.readsMemory, [value]);
  }

  /** Pushes a register's value. */
  push(register: Register): void {
    const { id } = register;
    const pending = this.#pending.get(id);
    if (pending) {
      this.#pending.delete(id);
      this.#compute(pending);
      return;
    }
    const bits = this.#constants.get(id);
    if (bits !== undefined) {
      this.constant(bits);
      return;
    }
    const local = this.#locals.get(id) as number;
    this.assembler.get(local);
    const left = (this.#readsLeft.get(id) ?? this.#uses.reads(register)) - 1;
    this.#readsLeft.set(id, left);
    if (left === 0 && !register.mutable && this.#definitionBlocks.get(id) === this.#block) {
      this.#locals.delete(id);
      this.#pool.giveBack(local);
    }
  }

  #compute({ statement: s, address }: PendingValue): void {
    switch (s.kind) {
      case "load": {
        this.loads++;
        const form = { element: s.element, unit: s.buffer.element };
        if (s.broadcast) emitBroadcast(this, form, address as Address);
        else emitLoad(this, form, address as Address, s.count);
        return;
      }
      case "gather":
        this.loads++;
        emitGather(this, address as Address, {
          lanes: s.target.lanes,
          most: s.most,
          unit: s.buffer.element,
          pushOffsets: () => this.push(s.offsets),
        });
        return;
      case "compute":
        emitCompute(this, {
          op: s.op,
          element: (s.op === "select" ? s.operands[1] : s.operands[0]).element,
          lanes: s.target.lanes,
          immediate: s.immediate ?? 0,
          table: s.table ?? [],
          push: (i) => this.push(s.operands[i]),
        });
        return;
    }
  }

  /** Pops a register's value. */
  #set({ id, mutable }: Register): void {
    let local = this.#locals.get(id);
    if (local === undefined) {
      local = this.#pool.take("v128");
      this.#locals.set(id, local);
      if (mutable) {
        this.mutables++;
        this.#mutableIds.add(id);
      }
      this.#definitionBlocks.set(id, this.#block);
      this.#defined.push(id);
    }
    this.assembler.set(local);
  }

  /** Computes pending values that must not wait, except those that `operands` are about to take. */
  #settle(mustNotWait: (value: PendingValue) => boolean, operands: readonly Register[]): void {
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
        this.#compute(value);
        this.#set(value.statement.target);
      }
  }
}

const splatBytes = (bits: number): number[] => Array.from({ length: 16 }, (_, i) => (bits >>> ((i & 3) * 8)) & 0xff);
