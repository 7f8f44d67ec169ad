/**
 * The kernel language: a kernel is data, a loop nest over affine addresses with vector registers. Kernels are written
 * with KernelBuilder, checked by verifyKernel, printed, interpreted with every access bounds-checked, and emitted as
 * machine code or WebAssembly. Shapes are numbers here: a kernel is made for the shapes at hand.
 */

/**
 * What memory holds. Loads widen f16 and bf16 to f32 registers, integers of 8 and 16 bits to i32 registers; stores narrow,
 * floats to nearest even, integers by their low bits or clamped to the element's range (`saturate`). Only index loads read
 * i64; data of 64 bits is moved as twice as many i32.
 */
export type MemoryElement = "f32" | "i32" | "f16" | "bf16" | "u8" | "i8" | "u16" | "i16" | "i64";
export const memoryElementBytes: Readonly<Record<MemoryElement, number>> = {
  f32: 4,
  i32: 4,
  f16: 2,
  bf16: 2,
  u8: 1,
  i8: 1,
  u16: 2,
  i16: 2,
  i64: 8,
};

/** The integers that each element of an integer kind holds, for stores that saturate. */
export const integerRanges: Readonly<Partial<Record<MemoryElement, readonly [least: number, most: number]>>> = {
  u8: [0, 255],
  i8: [-128, 127],
  u16: [0, 65535],
  i16: [-32768, 32767],
};

/** The element of the registers that hold such memory; none for i64. */
export const registerElements: Readonly<Record<MemoryElement, "f32" | "i32" | undefined>> = {
  f32: "f32",
  f16: "f32",
  bf16: "f32",
  i32: "i32",
  u8: "i32",
  i8: "i32",
  u16: "i32",
  i16: "i32",
  i64: undefined,
};

/**
 * Memory that a kernel reaches: an argument, or (access `scratch`) memory of the thread's own, undefined at the start of each
 * task. `element` is the unit in which indices count; what an access moves is the access's own. Arguments do not overlap
 * unless they are the same memory at the same offset (in place).
 */
export interface KernelBuffer {
  /** Place among the kernel's arguments, or among its scratch buffers. */
  readonly index: number;
  readonly name: string;
  readonly element: MemoryElement;
  /** Elements that may be accessed: [0, length). */
  readonly length: number;
  readonly access: "read" | "write" | "readWrite" | "scratch";
  /** Bytes from the start of the thread's scratch memory; 0 for arguments. */
  readonly byteOffset: number;
}

/** Most bytes of scratch that a kernel may ask for. */
export const largestScratch = 2 ** 20;

/** A scalar integer of the loop nest: the task, a loop counter, or one defined by an `index` statement. */
export interface IndexVariable {
  readonly id: number;
  readonly name: string;
}

/** constant + sum of factor * variable, in elements (for addresses) or in units of the loop (for bounds). Terms sorted by variable id, no factor 0. */
export interface IndexExpression {
  readonly constant: number;
  readonly terms: readonly { readonly variable: IndexVariable; readonly factor: number }[];
}

/** A vector register: assigned once, unless `mutable`. Lanes are a power of two up to the target's; 1 is a scalar. */
export interface Register {
  readonly id: number;
  readonly element: "f32" | "i32" | "mask";
  readonly lanes: number;
  readonly mutable: boolean;
}

/**
 * Operations on registers; all operands have the target's lanes. Element f32 or i32 is that of the operands.
 * `min(a, b)` is a < b ? a : b and `max(a, b)` is a > b ? a : b, so that NaN in either gives b.
 * `fma(a, b, c)` is a * b + c, fused or not as the target has it. `round` is to nearest even; `toI32` truncates
 * (out of range: unspecified value). Shifts take a constant count (`immediate`), as does `broadcastLane`.
 * `sumLanes`, `maxLanes`, `minLanes` give the result in every lane. The `unpack` shuffles interleave 32- or 64-bit
 * elements of each 128-bit group of two vectors, as the x86 instructions of that name do; lanes must be 4 or more.
 * `dotU8I8(a, b, c)` takes lanes of four bytes each: c + the sum of u8(byte j of a) * i8(byte j of b), wrapping in 32 bits.
 * `dotU8I8Narrow` is the same where the caller promises that the sums of the lower and of the upper two products each fit
 * 16 bits with a sign; otherwise its value is unspecified. `dotBf16(a, b, c)` adds the products of the upper, then of the
 * lower bf16 of each lane to the f32 c, with or without roundings between; subnormal numbers may count as 0.
 * `shuffleBytes` gives byte j of each 128-bit group the byte `table[j]` of the same group of its operand, 0 for -1; lanes
 * must be 4 or more.
 */
export type ComputeOp =
  | "add"
  | "sub"
  | "mul"
  | "div"
  | "min"
  | "max"
  | "fma"
  | "neg"
  | "abs"
  | "sqrt"
  | "floor"
  | "ceil"
  | "round"
  | "trunc"
  | "and"
  | "or"
  | "xor"
  | "not"
  | "shiftLeft"
  | "shiftRight"
  | "shiftRightLogical"
  | "eq"
  | "ne"
  | "lt"
  | "le"
  | "gt"
  | "ge"
  | "select"
  | "toF32"
  | "toI32"
  | "asF32"
  | "asI32"
  | "sumLanes"
  | "maxLanes"
  | "minLanes"
  | "broadcastLane"
  | "unpackLow32"
  | "unpackHigh32"
  | "unpackLow64"
  | "unpackHigh64"
  | "dotU8I8"
  | "dotU8I8Narrow"
  | "dotBf16"
  | "shuffleBytes";

/**
 * A definition of an index variable. `load` reads an integer of any width and clamps it to [least, most], 64-bit ones in 64
 * bits: data-dependent addresses and loops stay inside.
 */
export type IndexDefinition =
  | { readonly op: "divide" | "modulo"; readonly a: IndexExpression; readonly by: number } // a >= 0, by > 0
  | { readonly op: "min" | "max"; readonly a: IndexExpression; readonly b: IndexExpression }
  | {
      readonly op: "load";
      readonly buffer: KernelBuffer;
      readonly index: IndexExpression;
      readonly element: MemoryElement;
      readonly least: number;
      readonly most: number;
    };

export type Statement =
  | {
      readonly kind: "for";
      readonly variable: IndexVariable;
      readonly begin: IndexExpression;
      readonly end: IndexExpression;
      readonly step: number;
      readonly body: readonly Statement[];
    } // step > 0; runs while variable < end
  | {
      readonly kind: "if";
      readonly nonNegative: IndexExpression;
      readonly then: readonly Statement[];
      readonly otherwise: readonly Statement[];
    }
  | { readonly kind: "index"; readonly variable: IndexVariable; readonly definition: IndexDefinition }
  /**
   * Reads `count` elements (the other lanes become 0), or one element into every lane where `broadcast`. An access at index
   * i covers the bytes from i * bytes of the buffer's element, `count` times the bytes of its own element.
   */
  | {
      readonly kind: "load";
      readonly target: Register;
      readonly buffer: KernelBuffer;
      readonly index: IndexExpression;
      readonly element: MemoryElement;
      readonly count: number;
      readonly broadcast: boolean;
    }
  /** Writes the first `count` lanes; integers of fewer than 32 bits clamped where `saturate`. */
  | {
      readonly kind: "store";
      readonly buffer: KernelBuffer;
      readonly index: IndexExpression;
      readonly element: MemoryElement;
      readonly value: Register;
      readonly count: number;
      readonly saturate: boolean;
    }
  /** Lane l reads the element at index base + clamp(lane l of offsets, 0, most); the clamp is what proves it. */
  | {
      readonly kind: "gather";
      readonly target: Register;
      readonly buffer: KernelBuffer;
      readonly base: IndexExpression;
      readonly element: "f32" | "i32";
      readonly offsets: Register;
      readonly most: number;
    }
  | { readonly kind: "constant"; readonly target: Register; readonly value: number }
  | {
      readonly kind: "compute";
      readonly target: Register;
      readonly op: ComputeOp;
      readonly operands: readonly Register[];
      readonly immediate?: number | undefined;
      /** Of `shuffleBytes`: 16 source bytes, -1 for zero. */
      readonly table?: readonly number[] | undefined;
    }
  /** target = value; target is mutable. */
  | { readonly kind: "assign"; readonly target: Register; readonly value: Register };

export interface Kernel {
  /** What it computes, for people: `convolution 3x3 64->64 56x56`. */
  readonly name: string;
  /** Equal keys mean equal kernels: code is generated once for each. */
  readonly key: string;
  /** The arguments, one operand of a step each. */
  readonly buffers: readonly KernelBuffer[];
  readonly scratch: readonly KernelBuffer[];
  /** Bytes of scratch memory that a thread needs, at a multiple of 64. */
  readonly scratchBytes: number;
  /** The kernel's work is `tasks` independent pieces; a call runs [begin, end) of them, in any order, on any thread. */
  readonly tasks: number;
  readonly task: IndexVariable;
  /** Runs once for each task. */
  readonly body: readonly Statement[];
  /** Floating point operations of all tasks, for figures; 0 where it only moves data. */
  readonly flops: number;
}
