import { invariant } from "../../common/errors.ts";
import { ByteWriter } from "./byte-writer.ts";
import { type CallTypes, FunctionAssembler, type FunctionType } from "./function-assembler.ts";
import { type Instruction, type InstructionForm, instructions, type ValueType } from "./instructions.ts";

const typeCodes: Readonly<Record<ValueType, number>> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, v128: 0x7b };
const funcref = 0x70;
const voidBlock = 0x40;
const sections = { custom: 0, type: 1, import: 2, function: 3, export: 7, element: 9, code: 10 } as const;
const kinds = { function: 0, table: 1, memory: 2 } as const;

/** Limits of an imported memory, in pages of 64 KiB. */
export interface MemoryLimits {
  readonly minimum: number;
  readonly maximum: number;
  readonly shared: boolean;
}

interface Import {
  readonly module: string;
  readonly name: string;
  readonly write: (w: ByteWriter) => void;
}

/** Collects a module's parts and writes its binary (WebAssembly specification, chapter 5). */
export class ModuleBuilder implements CallTypes {
  readonly #types: FunctionType[] = [];
  readonly #imports: Import[] = [];
  readonly #importedFunctions: FunctionType[] = [];
  readonly #functions: FunctionAssembler[] = [];
  readonly #exports: { readonly name: string; readonly index: number }[] = [];
  readonly #elements: { readonly offset: number; readonly functions: readonly number[] }[] = [];

  typeIndex(type: FunctionType): number {
    const text = JSON.stringify(type);
    const known = this.#types.findIndex((t) => JSON.stringify(t) === text);
    return known >= 0 ? known : this.#types.push(type) - 1;
  }
  typeAt(index: number): FunctionType {
    invariant(index < this.#types.length, `no type ${index}`);
    return this.#types[index];
  }
  functionType(index: number): FunctionType {
    const type = this.#importedFunctions[index] ?? this.#functions[index - this.#importedFunctions.length]?.type;
    invariant(type, `no function ${index}`);
    return type;
  }

  importMemory(module: string, name: string, { minimum, maximum, shared }: MemoryLimits): void {
    this.#imports.push({
      module,
      name,
      write: (w) => {
        w.u8(kinds.memory);
        w.u8(shared ? 3 : 1);
        w.u32(minimum);
        w.u32(maximum);
      },
    });
  }
  importTable(module: string, name: string): void {
    this.#imports.push({
      module,
      name,
      write: (w) => {
        w.u8(kinds.table);
        w.u8(funcref);
        w.u8(0);
        w.u32(0);
      },
    });
  }
  /** Before all functions of the module's own; its index. */
  importFunction(module: string, name: string, type: FunctionType): number {
    invariant(this.#functions.length === 0, "imports come before functions");
    const index = this.typeIndex(type);
    this.#imports.push({
      module,
      name,
      write: (w) => {
        w.u8(kinds.function);
        w.u32(index);
      },
    });
    return this.#importedFunctions.push(type) - 1;
  }

  /** A function whose body `write` writes; its index. */
  addFunction(name: string, type: FunctionType, write: (assembler: FunctionAssembler) => void): number {
    this.typeIndex(type);
    const assembler = new FunctionAssembler(name, type, this);
    this.#functions.push(assembler);
    write(assembler);
    assembler.finish();
    return this.#importedFunctions.length + this.#functions.indexOf(assembler);
  }
  export(name: string, index: number): void {
    this.#exports.push({ name, index });
  }
  /** Puts functions into the imported table when the module is instantiated. */
  addElements(offset: number, functions: readonly number[]): void {
    this.#elements.push({ offset, functions });
  }
  get functions(): readonly FunctionAssembler[] {
    return this.#functions;
  }

  encode(): Uint8Array<ArrayBuffer> {
    const w = new ByteWriter();
    w.bytes([0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
    const section = <T>(id: number, items: readonly T[], write: (inner: ByteWriter, item: T) => void): void => {
      if (items.length === 0) return;
      w.u8(id);
      w.sized((inner) => {
        inner.u32(items.length);
        for (const item of items) write(inner, item);
      });
    };
    section(sections.type, this.#types, (s, { params, results }) => {
      s.u8(0x60);
      for (const list of [params, results]) {
        s.u32(list.length);
        for (const type of list) s.u8(typeCodes[type]);
      }
    });
    section(sections.import, this.#imports, (s, { module, name, write }) => {
      s.name(module);
      s.name(name);
      write(s);
    });
    section(sections.function, this.#functions, (s, f) => s.u32(this.typeIndex(f.type)));
    section(sections.export, this.#exports, (s, { name, index }) => {
      s.name(name);
      s.u8(kinds.function);
      s.u32(index);
    });
    section(sections.element, this.#elements, (s, { offset, functions }) => {
      s.u8(0);
      writeInstruction(s, { name: "i32.const", immediates: [offset] });
      s.u8(instructions.end.code);
      s.u32(functions.length);
      for (const index of functions) s.u32(index);
    });
    section(sections.code, this.#functions, (s, f) => s.sized((code) => writeBody(code, f)));
    this.#writeNames(w);
    return w.toBytes();
  }

  /** The functions' names, for profilers and stack traces. */
  #writeNames(w: ByteWriter): void {
    w.u8(sections.custom);
    w.sized((s) => {
      s.name("name");
      s.u8(1);
      s.sized((names) => {
        names.u32(this.#functions.length);
        for (const [i, f] of this.#functions.entries()) {
          names.u32(this.#importedFunctions.length + i);
          names.name(f.name);
        }
      });
    });
  }
}

function writeBody(w: ByteWriter, { type, locals, body }: FunctionAssembler): void {
  const runs: { type: ValueType; count: number }[] = [];
  for (const t of locals.slice(type.params.length)) {
    const last = runs.at(-1);
    if (last?.type === t) last.count++;
    else runs.push({ type: t, count: 1 });
  }
  w.u32(runs.length);
  for (const run of runs) {
    w.u32(run.count);
    w.u8(typeCodes[run.type]);
  }
  for (const instruction of body) writeInstruction(w, instruction);
}

const floatBytes = new Uint8Array(4);
const floatView = new DataView(floatBytes.buffer);

function writeInstruction(w: ByteWriter, { name, immediates }: Instruction): void {
  const { prefix, code, immediate }: InstructionForm = instructions[name];
  if (prefix === undefined) w.u8(code);
  else {
    w.u8(prefix);
    w.u32(code);
  }
  const [a, b, c] = immediates;
  switch (immediate) {
    case undefined:
      return;
    case "block":
      return w.u8(voidBlock);
    case "local":
    case "label":
    case "function":
      return w.u32(a);
    case "type": // and the table
    case "memory":
      w.u32(a);
      return w.u32(b ?? 0);
    case "memoryLane":
      w.u32(a);
      w.u32(b);
      return w.u8(c);
    case "lane":
      return w.u8(a);
    case "i32":
      return w.signed(a | 0);
    case "i64":
      return w.signed(a);
    case "f32":
      floatView.setFloat32(0, a, true);
      return w.bytes(floatBytes);
    case "bytes":
      return w.bytes(immediates);
    case "zero":
      return w.u8(0);
  }
}
