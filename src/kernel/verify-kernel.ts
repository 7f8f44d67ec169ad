import { VintnerError } from "../common/errors.ts";
import { registerElement } from "./builder.ts";
import { computeOperations } from "./compute-operations.ts";
import { indicesOf } from "./for-each-statement.ts";
import type { IndexExpression, IndexVariable, Kernel, KernelBuffer, Register, Statement } from "./kernel.ts";
import { printSimpleStatement } from "./print-kernel.ts";
import { proveBounds } from "./prove-bounds.ts";
import type { KernelTarget } from "./target.ts";

/**
 * Checks that a kernel is well formed and proves that every access lies inside its buffer. Registers and index variables
 * are defined before use and, unless mutable, once; lanes and elements fit the operations (and the target, if given);
 * buffers are accessed as they declare. Throws INTERNAL with the statement.
 */
export function verifyKernel(kernel: Kernel, target?: KernelTarget): void {
  new KernelVerifier(kernel, target?.lanes ?? Infinity).verify();
  proveBounds(kernel);
}

type Fault = (what: string) => never;

const isCount = (n: number): boolean => Number.isSafeInteger(n) && n >= 0;
const isPowerOfTwo = (n: number): boolean => Number.isInteger(n) && n > 0 && (n & (n - 1)) === 0;

class KernelVerifier {
  readonly #kernel: Kernel;
  readonly #mostLanes: number;
  /** Registers and variables visible here. */
  readonly #registers = new Map<number, Register>();
  readonly #variables = new Set<number>();
  /** All that were ever set: each once, unless mutable. */
  readonly #everSet = new Set<number>();
  readonly #everDefined = new Set<number>();

  constructor(kernel: Kernel, mostLanes: number) {
    this.#kernel = kernel;
    this.#mostLanes = mostLanes;
  }

  verify(): void {
    const { kernel, fault } = { kernel: this.#kernel, fault: this.#fault("the kernel") };
    if (!isCount(kernel.tasks)) fault(`has ${kernel.tasks} tasks`);
    for (const [i, b] of kernel.buffers.entries()) {
      if (b.index !== i) fault(`has buffer ${b.name} with index ${b.index} in place ${i}`);
      if (!isCount(b.length)) fault(`has buffer ${b.name} of length ${b.length}`);
    }
    this.#define(kernel.task, fault);
    this.#block(kernel.body);
  }

  #block(statements: readonly Statement[]): void {
    const registers: number[] = [];
    const variables: number[] = [];
    for (const s of statements) this.#statement(s, registers, variables);
    for (const id of registers) this.#registers.delete(id);
    for (const id of variables) this.#variables.delete(id);
  }

  #statement(s: Statement, registers: number[], variables: number[]): void {
    const fault = this.#fault(describeStatement(s));
    for (const index of indicesOf(s)) this.#index(index, fault);
    switch (s.kind) {
      case "for":
        if (!Number.isSafeInteger(s.step) || s.step <= 0) fault(`has step ${s.step}`);
        this.#define(s.variable, fault);
        this.#block(s.body);
        this.#variables.delete(s.variable.id);
        return;
      case "if":
        this.#block(s.then);
        this.#block(s.otherwise);
        return;
      case "index":
        this.#definition(s.definition, fault);
        this.#define(s.variable, fault);
        variables.push(s.variable.id);
        return;
      case "load":
        this.#readable(s.buffer, fault);
        this.#access(s.buffer, s.target, s.broadcast ? 1 : s.count, fault);
        if (s.broadcast && s.count !== 1) fault(`broadcasts ${s.count} elements`);
        break;
      case "store":
        if (s.buffer.access === "read") fault(`stores to read-only buffer ${s.buffer.name}`);
        this.#access(s.buffer, s.value, s.count, fault);
        this.#use(s.value, fault);
        return;
      case "constant":
        if (typeof s.value !== "number" || (s.target.element === "i32" && !Number.isInteger(s.value)))
          fault(`sets an ${s.target.element} register to ${s.value}`);
        break;
      case "compute":
        this.#compute(s, fault);
        break;
      case "assign":
        this.#use(s.value, fault);
        if (!s.target.mutable) fault("assigns a register that is not mutable");
        if (s.target.element !== s.value.element || s.target.lanes !== s.value.lanes) fault("assigns a register of another type");
        break;
    }
    this.#set(s.target, registers, fault);
  }

  #definition(d: Extract<Statement, { kind: "index" }>["definition"], fault: Fault): void {
    if ((d.op === "divide" || d.op === "modulo") && !(isCount(d.by) && d.by > 0)) fault(`divides by ${d.by}`);
    if (d.op !== "load") return;
    this.#readable(d.buffer, fault);
    if (registerElement(d.buffer.element) !== "i32") fault(`loads an index from ${d.buffer.element} buffer ${d.buffer.name}`);
    if (!Number.isSafeInteger(d.least) || !Number.isSafeInteger(d.most) || d.least > d.most) fault(`clamps to [${d.least}, ${d.most}]`);
  }

  #compute({ target, op, operands, immediate }: Extract<Statement, { kind: "compute" }>, fault: Fault): void {
    const rule = computeOperations[op];
    if (operands.length !== rule.operands) fault(`has ${operands.length} operands`);
    for (const operand of operands) {
      this.#use(operand, fault);
      if (operand.lanes !== target.lanes) fault(`mixes ${operand.lanes} and ${target.lanes} lanes`);
    }
    const values = op === "select" ? operands.slice(1) : operands;
    if (op === "select" && operands[0].element !== "mask") fault("selects by a register that is no mask");
    const { element } = values[0];
    if (!rule.elements.includes(element) || values.some((v) => v.element !== element))
      fault(`takes ${rule.elements.join(" or ")}, not ${values.map((v) => v.element).join(", ")}`);
    if (target.element !== (rule.result ?? element)) fault(`gives ${rule.result ?? element}, not ${target.element}`);
    if (target.lanes < (rule.leastLanes ?? 1)) fault(`needs ${rule.leastLanes} lanes`);
    const limit = rule.immediate === "bits" ? 32 : rule.immediate === "lane" ? target.lanes : undefined;
    if (limit === undefined ? immediate !== undefined : !(immediate !== undefined && isCount(immediate) && immediate < limit))
      fault(`has immediate ${immediate}`);
  }

  #readable(buffer: KernelBuffer, fault: Fault): void {
    if (buffer.access === "write") fault(`reads write-only buffer ${buffer.name}`);
  }

  #access(buffer: KernelBuffer, register: Register, count: number, fault: Fault): void {
    if (this.#kernel.buffers[buffer.index] !== buffer) fault(`accesses buffer ${buffer.name}, which is not the kernel's`);
    if (register.element !== registerElement(buffer.element)) fault(`moves ${buffer.element} memory and an ${register.element} register`);
    if (!Number.isInteger(count) || count < 1 || count > register.lanes) fault(`moves ${count} of ${register.lanes} lanes`);
  }

  #index({ constant, terms }: IndexExpression, fault: Fault): void {
    if (!Number.isSafeInteger(constant)) fault(`has index constant ${constant}`);
    for (const [i, { variable, factor }] of terms.entries()) {
      if (!this.#variables.has(variable.id)) fault(`uses index variable ${variable.name} before its definition`);
      if (!Number.isSafeInteger(factor) || factor === 0) fault(`has index factor ${factor}`);
      if (i > 0 && terms[i - 1].variable.id >= variable.id) fault("has index terms that are not sorted");
    }
  }

  #define(variable: IndexVariable, fault: Fault): void {
    if (this.#everDefined.has(variable.id)) fault(`defines index variable ${variable.name} twice`);
    this.#everDefined.add(variable.id);
    this.#variables.add(variable.id);
  }

  #use(register: Register, fault: Fault): void {
    if (this.#registers.get(register.id) !== register) fault(`uses register ${register.id} before it is set`);
  }

  #set(register: Register, scope: number[], fault: Fault): void {
    if (!isPowerOfTwo(register.lanes) || register.lanes > this.#mostLanes) fault(`sets a register of ${register.lanes} lanes`);
    if (this.#registers.get(register.id) === register && register.mutable) return;
    if (this.#everSet.has(register.id)) fault(`sets register ${register.id} twice`);
    this.#everSet.add(register.id);
    this.#registers.set(register.id, register);
    scope.push(register.id);
  }

  #fault(statement: string): Fault {
    return (what) => {
      throw new VintnerError("INTERNAL", { what: `${statement} ${what}`, where: `kernel "${this.#kernel.name}"` });
    };
  }
}

function describeStatement(s: Statement): string {
  if (s.kind === "for") return `the loop over ${s.variable.name}`;
  return s.kind === "if" ? "the branch" : `"${printSimpleStatement(s)}"`;
}
