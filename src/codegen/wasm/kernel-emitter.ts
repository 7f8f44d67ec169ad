import type { Kernel, Statement } from "../../kernel/kernel.ts";
import { type AddressPlan, constantRounds, type ForStatement, planAddresses } from "../address-plan.ts";
import { BasicBlockCuts } from "./basic-block-cuts.ts";
import { emitStore } from "./emit-memory.ts";
import type { FunctionAssembler, FunctionType } from "./function-assembler.ts";
import { IndexEmitter } from "./index-emitter.ts";
import { LocalPool } from "./local-pool.ts";
import { RegisterUses } from "./register-uses.ts";
import { RegisterValues } from "./register-values.ts";
import { RunningPointers } from "./running-pointers.ts";
import type { VectorFeatures } from "./vector-context.ts";

/**
 * A kernel as a function: the address of its operands' addresses, the first task, the task behind the last, the address of the
 * thread's scratch memory. Negative tasks do nothing.
 */
export const kernelFunctionType: FunctionType = { params: ["i32", "i32", "i32", "i32"], results: [] };
const [operandsParameter, beginParameter, endParameter, scratchParameter] = [0, 1, 2, 3];

/** Writes a kernel's body into a function of kernelFunctionType. */
export function emitKernel(kernel: Kernel, features: VectorFeatures, assembler: FunctionAssembler): void {
  new KernelEmitter(kernel, features, assembler).emit();
}

/** Emits a kernel's statements, in their order, except that values are computed where they are used. */
class KernelEmitter {
  readonly #assembler: FunctionAssembler;
  readonly #kernel: Kernel;
  readonly #plan: AddressPlan;
  readonly #pool: LocalPool;
  readonly #indices: IndexEmitter;
  readonly #pointers: RunningPointers;
  readonly #values: RegisterValues;
  readonly #cuts: BasicBlockCuts;

  constructor(kernel: Kernel, features: VectorFeatures, assembler: FunctionAssembler) {
    this.#kernel = kernel;
    this.#assembler = assembler;
    this.#plan = planAddresses(kernel);
    this.#pool = new LocalPool(assembler);
    this.#indices = new IndexEmitter(assembler, this.#pool);
    this.#pointers = new RunningPointers(assembler, this.#pool, this.#indices, this.#plan);
    this.#values = new RegisterValues(assembler, this.#pool, new RegisterUses(kernel), features);
    this.#cuts = new BasicBlockCuts(assembler, this.#indices, this.#values, kernel.task);
  }

  emit(): void {
    const a = this.#assembler;
    const { task: variable, body } = this.#kernel;
    this.#pointers.start(this.#kernel, operandsParameter, scratchParameter);
    const task = a.local("i32");
    this.#indices.bind(variable, task);
    a.get(beginParameter);
    a.set(task);
    this.#ifBelow(task, endParameter, () =>
      a.loop(() => {
        a.get(task);
        a.i32(0);
        a.op("i32.ge_s");
        a.if(() =>
          this.#pointers.inScope(() => {
            this.#pointers.advance(variable);
            this.#block(body);
          }),
        );
        a.get(task);
        a.i32(1);
        a.op("i32.add");
        a.op("local.tee", task);
        a.get(endParameter);
        a.op("i32.lt_s");
        a.op("br_if", 0);
      }),
    );
    a.prepend(this.#values.constantPrologue);
  }

  #ifBelow(local: number, end: number, then: () => void): void {
    const a = this.#assembler;
    a.get(local);
    a.get(end);
    a.op("i32.lt_s");
    a.if(then);
  }

  #block(statements: readonly Statement[]): void {
    this.#values.inBlock(statements, () => this.#pointers.inScope(() => this.#cuts.emit(statements, (s) => this.#statement(s))));
  }

  #statement(s: Statement): void {
    const a = this.#assembler;
    switch (s.kind) {
      case "for":
        this.#values.settle();
        this.#loop(s);
        return;
      case "if":
        this.#values.settle();
        this.#indices.push(s.nonNegative);
        a.i32(0);
        a.op("i32.ge_s");
        a.if(() => this.#block(s.then), s.otherwise.length > 0 ? () => this.#block(s.otherwise) : undefined);
        return;
      case "index": {
        const local = this.#pool.take("i32");
        const { definition, variable } = s;
        this.#indices.pushDefinition(
          definition,
          definition.op === "load" ? this.#pointers.address(this.#plan.access(definition)) : undefined,
        );
        a.set(local);
        this.#indices.bind(variable, local);
        this.#pointers.advance(variable);
        return;
      }
      case "constant":
        this.#values.setConstant(s);
        return;
      case "load":
        this.#cuts.beforeLoad();
        this.#values.define(s, this.#pointers.address(this.#plan.access(s)));
        return;
      case "gather":
        this.#values.define(s, this.#pointers.address(this.#plan.access(s)));
        return;
      case "compute":
        this.#values.define(s);
        return;
      case "store":
        this.#values.settleLoads(s.value);
        emitStore(this.#values, { element: s.element, unit: s.buffer.element }, this.#pointers.address(this.#plan.access(s)), {
          count: s.count,
          saturate: s.saturate,
          value: () => this.#values.push(s.value),
        });
        return;
      case "assign":
        this.#values.assign(s.target, s.value);
        return;
    }
  }

  #loop(s: ForStatement): void {
    const a = this.#assembler;
    const rounds = constantRounds(s);
    if (rounds === 0) return;
    const countsDown = rounds !== undefined && !this.#plan.isValueUsed(s.variable);
    const variable = this.#pool.take("i32");
    if (countsDown) a.i32(rounds);
    else this.#indices.push(s.begin);
    a.set(variable);
    this.#indices.bind(s.variable, variable);
    if (rounds === 1) this.#block(s.body);
    else if (countsDown) this.#rounds(s, variable, -1, () => {});
    else if (s.end.terms.length === 0) this.#countUp(s, variable, rounds, () => a.i32(s.end.constant));
    else
      this.#pool.withLocal("i32", (end) => {
        this.#indices.push(s.end);
        a.set(end);
        this.#countUp(s, variable, rounds, () => a.get(end));
      });
    this.#pool.giveBack(variable);
  }

  /** A loop that ends where its variable has reached the end; with a test before it unless it is known to have a round. */
  #countUp(s: ForStatement, variable: number, rounds: number | undefined, pushEnd: () => void): void {
    const a = this.#assembler;
    const compare = (): void => {
      pushEnd();
      a.op("i32.lt_s");
    };
    if (rounds !== undefined) {
      this.#rounds(s, variable, s.step, compare);
      return;
    }
    a.get(variable);
    compare();
    a.if(() => this.#rounds(s, variable, s.step, compare));
  }

  /** Rounds until the variable, moved on by `by` and tested by what `test` emits, is 0 or false. */
  #rounds(s: ForStatement, variable: number, by: number, test: () => void): void {
    const a = this.#assembler;
    const inside = this.#plan.pointersOf(s.body);
    const advances = this.#plan.advances(s.variable).filter(({ pointer }) => inside.has(pointer));
    this.#pointers.inLoop(advances, s.step, (moveOn) =>
      a.loop(() => {
        this.#block(s.body);
        moveOn();
        a.get(variable);
        this.#indices.addConstant(by);
        a.op("local.tee", variable);
        test();
        a.op("br_if", 0);
      }),
    );
  }
}
