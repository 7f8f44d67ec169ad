import { invariant } from "../../common/errors.ts";
import { type Instruction, type InstructionForm, type InstructionName, instructions, type ValueType } from "./instructions.ts";

export interface FunctionType {
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
}

interface Frame {
  readonly kind: "function" | "block" | "loop" | "if";
  /** Height of the operand stack where the frame begins; its instructions cannot reach below. */
  readonly height: number;
  /** After an unconditional branch: what follows is never run, and any operand type will do. */
  unreachable: boolean;
}

/**
 * Writes the body of a function. Operand types are checked with each instruction, as the specification's validation
 * algorithm does, so that a generator's mistake shows where it is made. Blocks have no results.
 */
export class FunctionAssembler {
  readonly name: string;
  readonly type: FunctionType;
  /** Types of parameters and locals, by index. */
  readonly locals: ValueType[];
  readonly body: Instruction[] = [];
  readonly #stack: ValueType[] = [];
  readonly #frames: Frame[] = [{ kind: "function", height: 0, unreachable: false }];
  /** Types of functions and type indices that calls may name. */
  readonly #callees: CallTypes;

  constructor(name: string, type: FunctionType, callees: CallTypes) {
    this.name = name;
    this.type = type;
    this.locals = [...type.params];
    this.#callees = callees;
  }

  /** A new local; its index. */
  local(type: ValueType): number {
    return this.locals.push(type) - 1;
  }

  op(name: InstructionName, ...immediates: readonly number[]): void {
    const instruction = { name, immediates };
    this.#check(instruction);
    this.body.push(instruction);
  }

  get(local: number): void {
    this.op("local.get", local);
  }
  set(local: number): void {
    this.op("local.set", local);
  }
  i32(value: number): void {
    this.op("i32.const", value);
  }

  block(body: () => void): void {
    this.#nest("block", body);
  }
  loop(body: () => void): void {
    this.#nest("loop", body);
  }
  /** Pops the condition. */
  if(then: () => void, otherwise?: () => void): void {
    this.op("if");
    then();
    if (otherwise) {
      this.op("else");
      otherwise();
    }
    this.op("end");
  }

  /** Puts instructions that leave the stack as it is before all others. */
  prepend(list: readonly Instruction[]): void {
    this.body.unshift(...list);
  }

  /** Ends the function. */
  finish(): void {
    this.op("end");
  }

  #nest(kind: "block" | "loop", body: () => void): void {
    this.op(kind);
    body();
    this.op("end");
  }

  #check({ name, immediates }: Instruction): void {
    const form: InstructionForm = instructions[name];
    for (let i = form.takes.length - 1; i >= 0; i--) this.#pop(form.takes[i], name);
    this.#stack.push(...form.gives);
    switch (name) {
      case "local.get":
        this.#stack.push(this.#localType(immediates[0]));
        break;
      case "local.set":
        this.#pop(this.#localType(immediates[0]), name);
        break;
      case "local.tee":
        this.#pop(this.#localType(immediates[0]), name);
        this.#stack.push(this.#localType(immediates[0]));
        break;
      case "drop":
        this.#pop(undefined, name);
        break;
      case "block":
      case "loop":
      case "if":
        this.#frames.push({ kind: name, height: this.#stack.length, unreachable: false });
        break;
      case "else": {
        const frame = this.#close(name);
        invariant(frame.kind === "if", `${this.name}: else without if`);
        this.#frames.push({ kind: "block", height: frame.height, unreachable: false });
        break;
      }
      case "end":
        this.#close(name);
        break;
      case "br":
      case "br_if":
        invariant(immediates[0] < this.#frames.length, `${this.name}: ${name} ${immediates[0]} leaves the function`);
        if (name === "br") this.#leave();
        break;
      case "return":
      case "unreachable":
        if (name === "return") for (const type of this.type.results.toReversed()) this.#pop(type, name);
        this.#leave();
        break;
      case "call":
        this.#call(this.#callees.functionType(immediates[0]), name);
        break;
      case "call_indirect":
        this.#pop("i32", name);
        this.#call(this.#callees.typeAt(immediates[0]), name);
        break;
    }
  }

  #call({ params, results }: FunctionType, name: string): void {
    for (const type of params.toReversed()) this.#pop(type, name);
    this.#stack.push(...results);
  }

  #close(name: string): Frame {
    const frame = this.#frames.pop();
    invariant(frame, `${this.name}: ${name} without a block`);
    if (frame.kind === "function") for (const type of this.type.results.toReversed()) this.#popIn(frame, type, name);
    invariant(this.#stack.length === frame.height, `${this.name}: ${this.#stack.length - frame.height} values are left at ${name}`);
    return frame;
  }

  #leave(): void {
    const frame = this.#frames[this.#frames.length - 1];
    this.#stack.length = frame.height;
    frame.unreachable = true;
  }

  #pop(type: ValueType | undefined, name: string): void {
    this.#popIn(this.#frames[this.#frames.length - 1], type, name);
  }

  #popIn(frame: Frame, type: ValueType | undefined, name: string): void {
    if (this.#stack.length === frame.height && frame.unreachable) return;
    const got = this.#stack.length > frame.height ? this.#stack.pop() : undefined;
    invariant(
      got !== undefined && (type === undefined || got === type),
      `${this.name}: ${name} expects ${type ?? "a value"}, got ${got ?? "nothing"}`,
    );
  }

  #localType(local: number): ValueType {
    invariant(local < this.locals.length, `${this.name}: no local ${local}`);
    return this.locals[local];
  }
}

/** Where calls find the types of what they call. */
export interface CallTypes {
  functionType(index: number): FunctionType;
  typeAt(index: number): FunctionType;
}
