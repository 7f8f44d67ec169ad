import { invariant, VintnerError } from "../../common/errors.ts";
import { formatInstruction } from "./format-instruction.ts";
import { type Instruction, type InstructionName, instructions } from "./instructions.ts";

/** A memory operand: [base + index * scale + displacement], or a literal relative to the instruction. */
export interface Memory {
  readonly base?: number;
  readonly index?: number;
  readonly scale?: 1 | 2 | 4 | 8;
  /** The index is a vector register: an address a lane. */
  readonly gathers?: boolean;
  readonly displacement: number;
  /** A constant of the literal pool; replaces base and index. */
  readonly literal?: Literal;
  /** One element in every lane (EVEX). */
  readonly broadcast?: boolean;
}

/** Bytes behind the code, and where instructions refer to them. */
export interface Literal {
  readonly words: readonly number[];
  readonly uses: { readonly at: number; readonly immediateBytes: number }[];
}

export type Operand = number | bigint | Memory;
export type VectorWidth = 128 | 256 | 512;

export interface Masking {
  /** k1 to k7; 0 for none. */
  readonly mask?: number;
  /** Lanes that the mask leaves out become zero. */
  readonly zero?: boolean;
}

/** A place in the code; bound once. */
export interface Label {
  at: number | undefined;
  readonly uses: number[];
}

const conditions = { o: 0, b: 2, ae: 3, e: 4, ne: 5, be: 6, a: 7, s: 8, ns: 9, l: 12, ge: 13, le: 14, g: 15 } as const;
export type Condition = keyof typeof conditions;

export interface ListingLine {
  readonly offset: number;
  readonly text: string;
}

const noMasking: Masking = {};

/** Encodes x86-64 instructions into a buffer. Register operands are numbers: 0-15 general, 0-31 vector, 0-7 mask. */
export class Assembler {
  #bytes = new Uint8Array(4096);
  #length = 0;
  readonly #labels: Label[] = [];
  readonly #literals = new Map<string, Literal>();
  readonly #lines: ListingLine[] | undefined;

  constructor(options: { readonly listing?: boolean } = {}) {
    this.#lines = options.listing === true ? [] : undefined;
  }

  get length(): number {
    return this.#length;
  }
  /** The instructions as text, where asked for. */
  get listing(): readonly ListingLine[] {
    return this.#lines ?? [];
  }

  label(): Label {
    const label: Label = { at: undefined, uses: [] };
    this.#labels.push(label);
    return label;
  }
  bind(label: Label): void {
    invariant(label.at === undefined, "a label bound twice");
    label.at = this.#length;
    this.#lines?.push({ offset: this.#length, text: `L${this.#labels.indexOf(label)}:` });
  }
  literal(words: readonly number[]): Literal {
    const key = words.join();
    let literal = this.#literals.get(key);
    if (literal === undefined) this.#literals.set(key, (literal = { words, uses: [] }));
    return literal;
  }

  jump(label: Label): void {
    this.#branch(label, 0xeb, [0xe9], "jmp");
  }
  jumpIf(condition: Condition, label: Label): void {
    const code = conditions[condition];
    this.#branch(label, 0x70 | code, [0x0f, 0x80 | code], `j${condition}`);
  }
  /** No-operations up to a multiple of `alignment`. */
  align(alignment: number): void {
    let rest = (alignment - (this.#length % alignment)) % alignment;
    while (rest > 0) {
      const nop = longNops[Math.min(rest, longNops.length) - 1];
      this.#bytesOf(nop);
      rest -= nop.length;
    }
  }

  /** `sub rsp, size` with a size that is told later. */
  reserveStack(): (bytes: number) => void {
    const line = this.#lines?.length ?? 0;
    this.op("sub.i", 128, [4, 0]);
    const at = this.#length - 4;
    return (bytes) => {
      this.#patch32(at, bytes);
      if (this.#lines)
        this.#lines[line] = { offset: this.#lines[line].offset, text: formatInstruction(instructions["sub.i"], 128, [4, bytes], {}) };
    };
  }

  op(name: InstructionName, width: VectorWidth, operands: readonly Operand[], masking: Masking = noMasking): void {
    const form = instructions[name];
    if (operands.length !== form.slots.length) throw wrongCount(name, operands.length);
    this.#lines?.push({ offset: this.#length, text: formatInstruction(form, width, operands, masking) });
    const { at, immediateBytes } = form;
    const reg = at.reg < 0 ? Math.max(0, form.digit) : this.#register(operands[at.reg], name);
    const vvvv = at.vvvv < 0 ? 0 : this.#register(operands[at.vvvv], name);
    const low = at.low < 0 ? 0 : this.#register(operands[at.low], name);
    const hasModRm = at.rm >= 0;
    const rm = hasModRm ? operands[at.rm] : 0;
    if (typeof rm === "bigint") throw notEncodable(name, rm);
    if (form.encoding === "legacy") {
      if (form.lock) this.#byte(0xf0);
      if (form.prefix !== 0) this.#byte([0, 0x66, 0xf3, 0xf2][form.prefix]);
      const b = hasModRm ? (typeof rm === "number" ? rm : (rm.base ?? 0)) : low;
      const x = typeof rm === "number" ? 0 : (rm.index ?? 0);
      const rex = (form.w << 3) | ((reg >> 3) << 2) | ((x >> 3) << 1) | (b >> 3);
      if (rex !== 0) this.#byte(0x40 | rex);
      if (form.map >= 1) this.#byte(0x0f);
      this.#byte(form.opcode | (low & 7));
      // XGETBV's second opcode byte comes before its last.
      if (name === "xgetbv") this.#patchXgetbv();
      if (hasModRm) this.#modRm(reg, rm, 0, immediateBytes);
    } else if (this.#takesEvex(form, width, reg, vvvv, rm, masking)) {
      const scale = this.#evex(form, width, reg, vvvv, rm, masking);
      this.#byte(form.opcode);
      this.#modRm(reg, rm, scale, immediateBytes);
    } else {
      this.#vex(form, width, reg, vvvv, rm);
      this.#byte(form.opcode);
      if (hasModRm) this.#modRm(reg, rm, 0, immediateBytes);
    }
    if (immediateBytes > 0) this.#immediate(operands[at.immediate], immediateBytes, form.slots.endsWith("L"), name);
  }

  /** The code, literals behind it, all references resolved. Aligned literals suppose code that starts at a multiple of 64. */
  finish(): Uint8Array {
    for (const label of this.#labels)
      for (const use of label.uses) {
        invariant(label.at !== undefined, "a label that is used but never bound");
        this.#patch32(use, label.at - (use + 4));
      }
    if (this.#literals.size > 0) this.#lines?.push({ offset: this.#length, text: "literals:" });
    for (const { words, uses } of [...this.#literals.values()].toSorted((a, b) => b.words.length - a.words.length)) {
      const bytes = words.length * 4;
      while (this.#length % Math.min(64, bytes) !== 0) this.#byte(0xcc);
      for (const { at, immediateBytes } of uses) this.#patch32(at, this.#length - (at + 4 + immediateBytes));
      for (const word of words) this.#word32(word);
    }
    return this.#bytes.slice(0, this.#length);
  }

  #register(operand: Operand, name: InstructionName): number {
    if (typeof operand !== "number") throw notEncodable(name, operand);
    return operand;
  }

  /** A number, or a register in an immediate's high half. */
  #immediate(operand: Operand, bytes: number, isRegister: boolean, name: InstructionName): void {
    if (typeof operand === "object") throw notEncodable(name, operand);
    if (bytes === 1) this.#byte((isRegister ? Number(operand) << 4 : Number(operand)) & 255);
    else if (bytes === 4) this.#word32(typeof operand === "number" ? operand : Number(BigInt.asIntN(32, operand)));
    else for (let i = 0, v = BigInt.asUintN(64, BigInt(operand)); i < 8; i++, v >>= 8n) this.#byte(Number(v & 255n));
  }

  #takesEvex(form: Instruction, width: VectorWidth, reg: number, vvvv: number, rm: number | Memory, { mask = 0 }: Masking): boolean {
    if (form.encoding !== "both") return form.encoding === "evex";
    const high = typeof rm === "number" ? rm > 15 : rm.broadcast === true;
    return width === 512 || mask !== 0 || reg > 15 || vvvv > 15 || high;
  }

  #vex(form: Instruction, width: VectorWidth, reg: number, vvvv: number, rm: number | Memory): void {
    const b = typeof rm === "number" ? rm : (rm.base ?? 0);
    const x = typeof rm === "number" ? 0 : (rm.index ?? 0);
    if (reg > 15 || vvvv > 15 || b > 15 || width === 512)
      throw new VintnerError("INTERNAL", { what: `${form.mnemonic} with a register or width that VEX cannot encode` });
    const l = width === 256 || (form.kinds.startsWith("kkk") && form.slots === "RVM") ? 1 : 0;
    const tail = ((~vvvv & 15) << 3) | (l << 2) | form.prefix;
    if (x < 8 && b < 8 && form.map === 1 && form.w === 0) {
      this.#byte(0xc5);
      this.#byte(((~reg & 8) << 4) | tail);
    } else {
      this.#byte(0xc4);
      this.#byte(((~reg & 8) << 4) | ((~x & 8) << 3) | ((~b & 8) << 2) | form.map);
      this.#byte((form.w << 7) | tail);
    }
  }

  /** Returns what the displacement is scaled by. */
  #evex(
    form: Instruction,
    width: VectorWidth,
    reg: number,
    vvvv: number,
    rm: number | Memory,
    { mask = 0, zero = false }: Masking,
  ): number {
    const inRegister = typeof rm === "number";
    const b = inRegister ? rm & 15 : (rm.base ?? 0);
    const x = inRegister ? (rm >> 4) << 3 : (rm.index ?? 0);
    const broadcast = !inRegister && rm.broadcast === true;
    this.#byte(0x62);
    this.#byte(((~reg & 8) << 4) | ((~x & 8) << 3) | ((~b & 8) << 2) | (reg & 16 ? 0 : 16) | form.map);
    this.#byte((form.w << 7) | ((~vvvv & 15) << 3) | 4 | form.prefix);
    const l = width === 512 ? 2 : width === 256 ? 1 : 0;
    const high = !inRegister && rm.gathers === true ? x : vvvv;
    this.#byte((zero ? 128 : 0) | (l << 5) | (broadcast ? 16 : 0) | (high & 16 ? 0 : 8) | mask);
    const bytes = width / 8;
    if (broadcast) return 4;
    switch (form.memory) {
      case "none":
        return 1;
      case "full":
      case "vector":
        return bytes;
      case "half":
        return bytes / 2;
      case "quarter":
        return bytes / 4;
      default:
        return Number(form.memory);
    }
  }

  /** `scale` is EVEX's for 8-bit displacements, 0 elsewhere. */
  #modRm(reg: number, rm: number | Memory, scale: number, immediateBytes: number): void {
    const field = (reg & 7) << 3;
    if (typeof rm === "number") {
      this.#byte(0xc0 | field | (rm & 7));
      return;
    }
    if (rm.literal !== undefined) {
      this.#byte(field | 5);
      rm.literal.uses.push({ at: this.#length, immediateBytes });
      this.#word32(0);
      return;
    }
    invariant(rm.base !== undefined, "memory without a base");
    const { base, index, displacement } = rm;
    const unit = scale === 0 ? 1 : scale;
    const short = displacement % unit === 0 && displacement / unit >= -128 && displacement / unit <= 127;
    const mode = displacement === 0 && (base & 7) !== 5 ? 0 : short ? 0x40 : 0x80;
    if (index !== undefined) {
      invariant(index !== 4 || rm.gathers === true, "rsp as index");
      this.#byte(mode | field | 4);
      this.#byte({ 1: 0, 2: 0x40, 4: 0x80, 8: 0xc0 }[rm.scale ?? 1] | ((index & 7) << 3) | (base & 7));
    } else if ((base & 7) === 4) {
      this.#byte(mode | field | 4);
      this.#byte(0x24);
    } else this.#byte(mode | field | (base & 7));
    if (mode === 0x40) this.#byte((displacement / unit) & 255);
    else if (mode === 0x80) this.#word32(displacement);
  }

  #branch(label: Label, short: number, long: readonly number[], mnemonic: string): void {
    this.#lines?.push({ offset: this.#length, text: `${mnemonic} L${this.#labels.indexOf(label)}` });
    if (label.at !== undefined && label.at - (this.#length + 2) >= -128) {
      this.#byte(short);
      this.#byte((label.at - (this.#length + 1)) & 255);
      return;
    }
    this.#bytesOf(long);
    label.uses.push(this.#length);
    this.#word32(0);
  }

  #patchXgetbv(): void {
    this.#bytes[this.#length - 1] = 0x01;
    this.#byte(0xd0);
  }
  #patch32(at: number, value: number): void {
    for (let i = 0; i < 4; i++) this.#bytes[at + i] = (value >> (8 * i)) & 255;
  }
  #bytesOf(bytes: readonly number[]): void {
    for (const b of bytes) this.#byte(b);
  }
  #word32(value: number): void {
    this.#byte(value & 255);
    this.#byte((value >> 8) & 255);
    this.#byte((value >> 16) & 255);
    this.#byte((value >> 24) & 255);
  }
  #byte(value: number): void {
    if (this.#length === this.#bytes.length) {
      const grown = new Uint8Array(this.#length * 2);
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes[this.#length++] = value;
  }
}

const wrongCount = (name: InstructionName, count: number): VintnerError =>
  new VintnerError("INTERNAL", { what: `${name} with ${count} operands` });
const notEncodable = (name: InstructionName, operand: Operand): VintnerError =>
  new VintnerError("INTERNAL", { what: `${name} with ${typeof operand === "object" ? "memory" : operand} where it cannot be encoded` });

/** The recommended multi-byte no-operations (SDM, NOP). */
const longNops: readonly (readonly number[])[] = [
  [0x90],
  [0x66, 0x90],
  [0x0f, 0x1f, 0x00],
  [0x0f, 0x1f, 0x40, 0x00],
  [0x0f, 0x1f, 0x44, 0x00, 0x00],
  [0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00],
  [0x0f, 0x1f, 0x80, 0x00, 0x00, 0x00, 0x00],
  [0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00],
  [0x66, 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00],
];
