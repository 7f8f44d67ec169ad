/**
 * The kernel language: a kernel is data, a loop nest over affine addresses with vector registers. Kernels are written
 * with KernelBuilder, checked by verifyKernel, printed, interpreted with every access bounds-checked, and emitted as
 * machine code or WebAssembly. Shapes are numbers here: a kernel is made for the shapes at hand.
 */

/** What a buffer holds. Loads widen f16 to f32, u8 and i8 to i32; stores narrow (f16 to nearest even, u8 and i8 take the low byte). */
export type MemoryElement = "f32" | "i32" | "f16" | "u8" | "i8";
export const memoryElementBytes: Readonly<Record<MemoryElement, number>> = { f32: 4, i32: 4, f16: 2, u8: 1, i8: 1 };

/** A memory argument of the kernel. Buffers do not overlap unless they are the same memory at the same offset (in place). */
export interface KernelBuffer {
  readonly index: number;
  readonly name: string;
  readonly element: MemoryElement;
  /** Elements that may be accessed: [0, length). */
  readonly length: number;
  readonly access: "read" | "write" | "readWrite";
}

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
  | "unpackHigh64";

/** A definition of an index variable. `load` reads an i32 and clamps it to [least, most]: data-dependent addresses stay inside. */
export type IndexDefinition =
  | { readonly op: "divide" | "modulo"; readonly a: IndexExpression; readonly by: number } // a >= 0, by > 0
  | { readonly op: "min" | "max"; readonly a: IndexExpression; readonly b: IndexExpression }
  | { readonly op: "load"; readonly buffer: KernelBuffer; readonly index: IndexExpression; readonly least: number; readonly most: number };

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
  /** Reads `count` elements (the other lanes become 0), or one element into every lane where `broadcast`. */
  | {
      readonly kind: "load";
      readonly target: Register;
      readonly buffer: KernelBuffer;
      readonly index: IndexExpression;
      readonly count: number;
      readonly broadcast: boolean;
    }
  /** Writes the first `count` lanes. */
  | {
      readonly kind: "store";
      readonly buffer: KernelBuffer;
      readonly index: IndexExpression;
      readonly value: Register;
      readonly count: number;
    }
  | { readonly kind: "constant"; readonly target: Register; readonly value: number }
  | {
      readonly kind: "compute";
      readonly target: Register;
      readonly op: ComputeOp;
      readonly operands: readonly Register[];
      readonly immediate?: number | undefined;
    }
  /** target = value; target is mutable. */
  | { readonly kind: "assign"; readonly target: Register; readonly value: Register };

export interface Kernel {
  /** What it computes, for people: `convolution 3x3 64->64 56x56`. */
  readonly name: string;
  /** Equal keys mean equal kernels: code is generated once for each. */
  readonly key: string;
  readonly buffers: readonly KernelBuffer[];
  /** The kernel's work is `tasks` independent pieces; a call runs [begin, end) of them, in any order, on any thread. */
  readonly tasks: number;
  readonly task: IndexVariable;
  /** Runs once for each task. */
  readonly body: readonly Statement[];
  /** Floating point operations of all tasks, for figures; 0 where it only moves data. */
  readonly flops: number;
}
