/** Types of values on the operand stack. */
export type ValueType = "i32" | "i64" | "f32" | "v128";

/** What follows the opcode in the binary; `zero` is the memory's index. */
export type Immediate =
  | "local"
  | "label"
  | "block"
  | "function"
  | "type"
  | "i32"
  | "i64"
  | "f32"
  | "memory"
  | "memoryLane"
  | "lane"
  | "bytes"
  | "zero";

export interface InstructionForm {
  readonly prefix?: number;
  readonly code: number;
  readonly takes: readonly ValueType[];
  readonly gives: readonly ValueType[];
  readonly immediate?: Immediate;
}

const letters: Readonly<Record<string, ValueType>> = { i: "i32", l: "i64", f: "f32", v: "v128" };

/** `signature` is "operands:results" in letters. */
const form =
  (prefix: number | undefined) =>
  (code: number, signature: string, immediate?: Immediate): InstructionForm => {
    const [takes, gives] = signature.split(":").map((part) => [...part].map((letter) => letters[letter]));
    return { code, takes, gives, ...(prefix === undefined ? {} : { prefix }), ...(immediate === undefined ? {} : { immediate }) };
  };
const plain = form(undefined);
const simd = form(0xfd);
const saturating = form(0xfc);
const atomic = form(0xfe);

/**
 * The instructions that the generator uses, by their names in the specification, with opcodes, operand and result types.
 * Control instructions and those on locals take their types from the context; FunctionAssembler knows them.
 */
export const instructions = {
  unreachable: plain(0x00, ":"),
  block: plain(0x02, ":", "block"),
  loop: plain(0x03, ":", "block"),
  if: plain(0x04, "i:", "block"),
  else: plain(0x05, ":"),
  end: plain(0x0b, ":"),
  br: plain(0x0c, ":", "label"),
  br_if: plain(0x0d, "i:", "label"),
  return: plain(0x0f, ":"),
  call: plain(0x10, ":", "function"),
  call_indirect: plain(0x11, ":", "type"),
  drop: plain(0x1a, ":"),
  select: plain(0x1b, "iii:i"),
  "local.get": plain(0x20, ":", "local"),
  "local.set": plain(0x21, ":", "local"),
  "local.tee": plain(0x22, ":", "local"),

  "i32.load": plain(0x28, "i:i", "memory"),
  "i32.load8_s": plain(0x2c, "i:i", "memory"),
  "i32.load8_u": plain(0x2d, "i:i", "memory"),
  "i32.load16_s": plain(0x2e, "i:i", "memory"),
  "i32.load16_u": plain(0x2f, "i:i", "memory"),
  "i32.store": plain(0x36, "ii:", "memory"),
  "i32.const": plain(0x41, ":i", "i32"),
  "i64.const": plain(0x42, ":l", "i64"),
  "f32.const": plain(0x43, ":f", "f32"),
  "i32.eqz": plain(0x45, "i:i"),
  "i32.eq": plain(0x46, "ii:i"),
  "i32.ne": plain(0x47, "ii:i"),
  "i32.lt_s": plain(0x48, "ii:i"),
  "i32.lt_u": plain(0x49, "ii:i"),
  "i32.gt_u": plain(0x4b, "ii:i"),
  "i32.le_u": plain(0x4d, "ii:i"),
  "i32.gt_s": plain(0x4a, "ii:i"),
  "i32.ge_s": plain(0x4e, "ii:i"),
  "i32.ge_u": plain(0x4f, "ii:i"),
  "i32.add": plain(0x6a, "ii:i"),
  "i32.sub": plain(0x6b, "ii:i"),
  "i32.mul": plain(0x6c, "ii:i"),
  "i32.div_u": plain(0x6e, "ii:i"),
  "i32.rem_u": plain(0x70, "ii:i"),
  "i32.and": plain(0x71, "ii:i"),
  "i32.or": plain(0x72, "ii:i"),
  "i32.xor": plain(0x73, "ii:i"),
  "i32.shl": plain(0x74, "ii:i"),
  "i32.shr_s": plain(0x75, "ii:i"),
  "memory.fill": saturating(11, "iii:", "zero"),

  "memory.atomic.notify": atomic(0x00, "ii:i", "memory"),
  "memory.atomic.wait32": atomic(0x01, "iil:i", "memory"),
  "i32.atomic.load": atomic(0x10, "i:i", "memory"),
  "i32.atomic.store": atomic(0x17, "ii:", "memory"),
  "i32.atomic.rmw.add": atomic(0x1e, "ii:i", "memory"),
  "i32.atomic.rmw.cmpxchg": atomic(0x48, "iii:i", "memory"),

  "v128.load": simd(0x00, "i:v", "memory"),
  "v128.load8_splat": simd(0x07, "i:v", "memory"),
  "v128.load16_splat": simd(0x08, "i:v", "memory"),
  "v128.load32_splat": simd(0x09, "i:v", "memory"),
  "v128.load64_splat": simd(0x0a, "i:v", "memory"),
  "v128.store": simd(0x0b, "iv:", "memory"),
  "v128.const": simd(0x0c, ":v", "bytes"),
  "i8x16.shuffle": simd(0x0d, "vv:v", "bytes"),
  "i8x16.swizzle": simd(0x0e, "vv:v"),
  "i32x4.splat": simd(0x11, "i:v"),
  "f32x4.splat": simd(0x13, "f:v"),
  "i32x4.extract_lane": simd(0x1b, "v:i", "lane"),
  "i32x4.eq": simd(0x37, "vv:v"),
  "i32x4.ne": simd(0x38, "vv:v"),
  "i32x4.lt_s": simd(0x39, "vv:v"),
  "i32x4.gt_s": simd(0x3b, "vv:v"),
  "i32x4.le_s": simd(0x3d, "vv:v"),
  "i32x4.ge_s": simd(0x3f, "vv:v"),
  "f32x4.eq": simd(0x41, "vv:v"),
  "f32x4.ne": simd(0x42, "vv:v"),
  "f32x4.lt": simd(0x43, "vv:v"),
  "f32x4.gt": simd(0x44, "vv:v"),
  "f32x4.le": simd(0x45, "vv:v"),
  "f32x4.ge": simd(0x46, "vv:v"),
  "v128.not": simd(0x4d, "v:v"),
  "v128.and": simd(0x4e, "vv:v"),
  "v128.andnot": simd(0x4f, "vv:v"),
  "v128.or": simd(0x50, "vv:v"),
  "v128.xor": simd(0x51, "vv:v"),
  "v128.bitselect": simd(0x52, "vvv:v"),
  "v128.load8_lane": simd(0x54, "iv:v", "memoryLane"),
  "v128.load16_lane": simd(0x55, "iv:v", "memoryLane"),
  "v128.load32_lane": simd(0x56, "iv:v", "memoryLane"),
  "v128.store8_lane": simd(0x58, "iv:", "memoryLane"),
  "v128.store16_lane": simd(0x59, "iv:", "memoryLane"),
  "v128.store32_lane": simd(0x5a, "iv:", "memoryLane"),
  "v128.store64_lane": simd(0x5b, "iv:", "memoryLane"),
  "v128.load32_zero": simd(0x5c, "i:v", "memory"),
  "v128.load64_zero": simd(0x5d, "i:v", "memory"),
  "i8x16.narrow_i16x8_s": simd(0x65, "vv:v"),
  "i8x16.narrow_i16x8_u": simd(0x66, "vv:v"),
  "f32x4.ceil": simd(0x67, "v:v"),
  "f32x4.floor": simd(0x68, "v:v"),
  "f32x4.trunc": simd(0x69, "v:v"),
  "f32x4.nearest": simd(0x6a, "v:v"),
  "i16x8.narrow_i32x4_s": simd(0x85, "vv:v"),
  "i16x8.narrow_i32x4_u": simd(0x86, "vv:v"),
  "i16x8.extend_low_i8x16_s": simd(0x87, "v:v"),
  "i16x8.extend_low_i8x16_u": simd(0x89, "v:v"),
  "i16x8.shl": simd(0x8b, "vi:v"),
  "i16x8.shr_s": simd(0x8c, "vi:v"),
  "i16x8.shr_u": simd(0x8d, "vi:v"),
  "i32x4.abs": simd(0xa0, "v:v"),
  "i32x4.neg": simd(0xa1, "v:v"),
  "i32x4.extend_low_i16x8_s": simd(0xa7, "v:v"),
  "i32x4.extend_low_i16x8_u": simd(0xa9, "v:v"),
  "i32x4.shl": simd(0xab, "vi:v"),
  "i32x4.shr_s": simd(0xac, "vi:v"),
  "i32x4.shr_u": simd(0xad, "vi:v"),
  "i32x4.add": simd(0xae, "vv:v"),
  "i32x4.sub": simd(0xb1, "vv:v"),
  "i32x4.mul": simd(0xb5, "vv:v"),
  "i32x4.min_s": simd(0xb6, "vv:v"),
  "i32x4.max_s": simd(0xb8, "vv:v"),
  "i32x4.dot_i16x8_s": simd(0xba, "vv:v"),
  "f32x4.abs": simd(0xe0, "v:v"),
  "f32x4.neg": simd(0xe1, "v:v"),
  "f32x4.sqrt": simd(0xe3, "v:v"),
  "f32x4.add": simd(0xe4, "vv:v"),
  "f32x4.sub": simd(0xe5, "vv:v"),
  "f32x4.mul": simd(0xe6, "vv:v"),
  "f32x4.div": simd(0xe7, "vv:v"),
  "f32x4.pmin": simd(0xea, "vv:v"),
  "f32x4.pmax": simd(0xeb, "vv:v"),
  "i32x4.trunc_sat_f32x4_s": simd(0xf8, "v:v"),
  "f32x4.convert_i32x4_s": simd(0xfa, "v:v"),
  // Relaxed SIMD
  "i32x4.relaxed_trunc_f32x4_s": simd(0x101, "v:v"),
  "f32x4.relaxed_madd": simd(0x105, "vvv:v"),
  "i32x4.relaxed_laneselect": simd(0x10b, "vvv:v"),
  "i32x4.relaxed_dot_i8x16_i7x16_add_s": simd(0x113, "vvv:v"),
} as const satisfies Readonly<Record<string, InstructionForm>>;

export type InstructionName = keyof typeof instructions;

/** An instruction with its immediates: `memory` is [alignment as power of two, offset], `memoryLane` adds the lane, `bytes` is sixteen. */
export interface Instruction {
  readonly name: InstructionName;
  readonly immediates: readonly number[];
}
