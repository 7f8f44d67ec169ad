import { VintnerError } from "../common/errors.ts";
import { computeOperations } from "./compute-operations.ts";
import { indicesOf } from "./for-each-statement.ts";
import {
  type IndexExpression,
  type IndexVariable,
  integerRanges,
  type Kernel,
  type KernelBuffer,
  largestScratch,
  type MemoryElement,
  memoryElementBytes,
  type Register,
  registerElements,
  type Statement,
} from "./kernel.ts";
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
      this.#buffer(b, i, fault);
      if (b.access === "scratch" || b.byteOffset !== 0) fault(`has the argument ${b.name} at ${b.byteOffset} of ${b.access} memory`);
    }
    let used = 0;
    for (const [i, b] of kernel.scratch.entries()) {
      this.#buffer(b, i, fault);
      if (b.access !== "scratch" || b.byteOffset !== used)
        fault(`has the scratch buffer ${b.name} at ${b.byteOffset} of ${b.access} memory`);
      used += Math.ceil((b.length * memoryElementBytes[b.element]) / 64) * 64;
    }
    if (kernel.scratchBytes !== used || used > largestScratch)
      fault(`has ${kernel.scratchBytes} bytes of scratch for buffers of ${used}, at most ${largestScratch}`);
    this.#define(kernel.task, fault);
    this.#block(kernel.body);
  }

  #buffer({ name, index, length, element }: KernelBuffer, place: number, fault: Fault): void {
    if (index !== place) fault(`has buffer ${name} with index ${index} in place ${place}`);
    if (!isCount(length) || !Number.isSafeInteger(length * memoryElementBytes[element])) fault(`has buffer ${name} of length ${length}`);
  }

  #block(statements: readonly Statement[]): void {
    const registers: number[] = [];
    const variables: number[] = [];
    for (const s of statements) this.#statement(s, registers, variables);
    for (const id of registers) this.#registers.delete(id);
    for (const id of variables) this.#variables.delete(id);
  }

  #statement(s: Statement, registers: number[], variables: number[]): void {
    const fault = this.#fault(s);
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
        this.#access(s.buffer, s.element, s.target, s.broadcast ? 1 : s.count, fault);
        if (s.broadcast && s.count !== 1) fault(`broadcasts ${s.count} elements`);
        break;
      case "store":
        if (s.buffer.access === "read") fault(`stores to read-only buffer ${s.buffer.name}`);
        this.#access(s.buffer, s.element, s.value, s.count, fault);
        if (s.saturate && integerRanges[s.element] === undefined) fault(`saturates ${s.element}`);
        this.#use(s.value, fault);
        return;
      case "gather":
        this.#readable(s.buffer, fault);
        this.#access(s.buffer, s.element, s.target, s.target.lanes, fault);
        this.#use(s.offsets, fault);
        if (s.element !== "f32" && s.element !== "i32") fault(`gathers ${String(s.element)}`);
        if (s.offsets.element !== "i32" || s.offsets.lanes !== s.target.lanes) fault("gathers by offsets of another type");
        if (!isCount(s.most) || s.most >= 2 ** 31) fault(`clamps offsets to ${s.most}`);
        break;
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
    this.#owned(d.buffer, fault);
    if (registerElements[d.element] === "f32") fault(`loads an index of ${d.element} from buffer ${d.buffer.name}`);
    if (!Number.isSafeInteger(d.least) || !Number.isSafeInteger(d.most)) fault(`clamps to [${d.least}, ${d.most}]`);
  }

  #compute({ target, op, operands, immediate, table }: Extract<Statement, { kind: "compute" }>, fault: Fault): void {
    const rule = computeOperations[op];
    if (operands.length !== rule.operands) fault(`has ${operands.length} operands`);
    for (const operand of operands) {
      this.#use(operand, fault);
      if (operand.lanes !== target.lanes) fault(`mixes ${operand.lanes} and ${target.lanes} lanes`);
    }
    const values = op === "select" ? operands.slice(1) : operands;
    if (op === "select" && operands[0].element !== "mask") fault("selects by a register that is no mask");
    const { element } = values[0];
    const { each } = rule;
    if (each ? values.some((v, i) => v.element !== each[i]) : !rule.elements.includes(element) || values.some((v) => v.element !== element))
      fault(`takes ${each?.join(", ") ?? rule.elements.join(" or ")}, not ${values.map((v) => v.element).join(", ")}`);
    if (target.element !== (rule.result ?? element)) fault(`gives ${rule.result ?? element}, not ${target.element}`);
    if (target.lanes < (rule.leastLanes ?? 1)) fault(`needs ${rule.leastLanes} lanes`);
    const limit = rule.immediate === "bits" ? 32 : rule.immediate === "lane" ? target.lanes : undefined;
    if (limit === undefined ? immediate !== undefined : !(immediate !== undefined && isCount(immediate) && immediate < limit))
      fault(`has immediate ${immediate}`);
    const isTable = table !== undefined && table.length === 16 && table.every((b) => Number.isInteger(b) && b >= -1 && b < 16);
    if (rule.immediate === "table" ? !isTable : table !== undefined) fault(`has the table ${table?.join(" ")}`);
  }

  #readable(buffer: KernelBuffer, fault: Fault): void {
    if (buffer.access === "write") fault(`reads write-only buffer ${buffer.name}`);
  }

  #owned(buffer: KernelBuffer, fault: Fault): void {
    const own = buffer.access === "scratch" ? this.#kernel.scratch : this.#kernel.buffers;
    if (own[buffer.index] !== buffer) fault(`accesses buffer ${buffer.name}, which is not the kernel's`);
  }

  #access(buffer: KernelBuffer, element: MemoryElement, register: Register, count: number, fault: Fault): void {
    this.#owned(buffer, fault);
    if (register.element !== registerElements[element]) fault(`moves ${element} memory and an ${register.element} register`);
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

  /** Statements are described where one is at fault: text for all would take longer than the proof. */
  #fault(at: "the kernel" | Statement): Fault {
    return (what) => {
      const subject = typeof at === "string" ? at : describeStatement(at);
      throw new VintnerError("INTERNAL", { what: `${subject} ${what}`, where: `kernel "${this.#kernel.name}"` });
    };
  }
}

function describeStatement(s: Statement): string {
  if (s.kind === "for") return `the loop over ${s.variable.name}`;
  return s.kind === "if" ? "the branch" : `"${printSimpleStatement(s)}"`;
}
