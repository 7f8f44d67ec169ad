import { VintnerError } from "../../common/errors.ts";
import type { Kernel, Register, Statement } from "../../kernel/kernel.ts";
import type { KernelTarget } from "../../kernel/target.ts";
import { type AddressPlan, constantRounds, type LoadStatement, type StoreStatement } from "../address-plan.ts";
import { type Folding, planFolding } from "./fold-loads.ts";
import { InstructionBuffer, type Value, widthOf } from "./instruction-buffer.ts";
import type { Address, MachineItem, VirtualRegister } from "./machine.ts";
import { selectCompute } from "./select-compute.ts";
import { selectGather, selectLoad, selectStore } from "./select-memory.ts";

const floatBits = new Float32Array(1);
const intBits = new Int32Array(floatBits.buffer);

export interface Selection {
  readonly items: readonly MachineItem[];
  /** How many virtual registers there are; their ids are below. */
  readonly registers: number;
}

/** Chooses instructions for a kernel's statements, in their order. */
export function selectInstructions(kernel: Kernel, target: KernelTarget, plan: AddressPlan): Selection {
  const buffer = new InstructionBuffer(target);
  new KernelSelector(buffer, plan, planFolding(kernel, buffer.avx512)).block(kernel.body, true);
  return { items: buffer.items, registers: buffer.registers };
}

class KernelSelector {
  readonly #buffer: InstructionBuffer;
  readonly #plan: AddressPlan;
  readonly #folding: Folding;
  /** By the id of the kernel's register. */
  readonly #values: (Value | undefined)[];

  constructor(buffer: InstructionBuffer, plan: AddressPlan, folding: Folding) {
    this.#buffer = buffer;
    this.#plan = plan;
    this.#folding = folding;
    this.#values = folding.targets.map(() => undefined);
  }

  block(statements: readonly Statement[], root: boolean): void {
    const defined: Extract<Statement, { readonly kind: "index" }>[] = [];
    for (const s of statements)
      switch (s.kind) {
        case "for":
          if (constantRounds(s) === 0) break;
          this.#buffer.items.push({ kind: "for", loop: s });
          this.block(s.body, false);
          this.#buffer.items.push({ kind: "endFor", loop: s });
          break;
        case "if":
          this.#buffer.items.push({ kind: "if", statement: s });
          this.block(s.then, false);
          this.#buffer.items.push({ kind: "else" });
          this.block(s.otherwise, false);
          this.#buffer.items.push({ kind: "endIf" });
          break;
        case "index":
          this.#buffer.items.push({ kind: "index", statement: s });
          defined.push(s);
          break;
        case "load":
          this.#load(s);
          break;
        case "gather":
          selectGather(this.#buffer, this.#target(s.target), s, this.#value(s.offsets), this.#plan.access(s));
          break;
        case "store":
          selectStore(this.#buffer, this.#buffer.inRegister(this.#value(s.value), widthOf(s.value.lanes)), s, this.#at(s));
          break;
        case "constant": {
          if (s.target.element === "f32") floatBits[0] = s.value;
          else intBits[0] = s.value;
          const constant = this.#buffer.splat(intBits[0]);
          if (s.target.mutable) this.#buffer.emit("move", widthOf(s.target.lanes), [this.#target(s.target), constant]);
          else this.#values[s.target.id] = constant;
          break;
        }
        case "assign":
          if (this.#folding.targets[s.value.id] === undefined)
            this.#buffer.emit("move", widthOf(s.target.lanes), [this.#target(s.target), this.#value(s.value)]);
          break;
        case "compute":
          this.#compute(s);
      }
    if (defined.length > 0 && !root) this.#buffer.items.push({ kind: "endScope", statements: defined });
  }

  /** The memory at some bytes from an access. */
  #at(accessor: LoadStatement | StoreStatement, broadcast = false): (bytes: number) => Address {
    const { pointer, displacement } = this.#plan.access(accessor);
    return (bytes) => ({ kind: "address", pointer, displacement: displacement + bytes, broadcast });
  }

  #load(s: LoadStatement): void {
    if (this.#folding.loads[s.target.id]) this.#values[s.target.id] = this.#at(s, s.broadcast || s.target.lanes < 4)(0);
    else selectLoad(this.#buffer, this.#target(s.target), s, this.#at(s));
  }

  #value(register: Register): Value {
    const value = this.#values[register.id];
    if (value === undefined) throw new VintnerError("INTERNAL", { what: `register ${register.id} is read before it is written` });
    return value;
  }
  /** The virtual register of a register about to be written. */
  #target(register: Register): VirtualRegister {
    const actual = this.#folding.targets[register.id] ?? register;
    const known = this.#values[actual.id];
    if (known?.kind === "register") {
      this.#values[register.id] = known;
      return known;
    }
    const made = this.#buffer.register(widthOf(register.lanes), register.element === "mask" && this.#buffer.avx512 ? "mask" : "vector");
    this.#values[actual.id] = made;
    this.#values[register.id] = made;
    return made;
  }

  #compute(s: Extract<Statement, { readonly kind: "compute" }>): void {
    const { op, target: result, operands } = s;
    const values = operands.map((o) => this.#value(o));
    const reinterprets = (op === "asF32" || op === "asI32") && !(operands[0].element === "mask" && this.#buffer.avx512);
    if (reinterprets && !result.mutable && !operands[0].mutable && this.#folding.targets[result.id] === undefined)
      this.#values[result.id] = values[0];
    else selectCompute(this.#buffer, s, this.#target(result), values);
  }
}
