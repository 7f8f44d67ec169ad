import { type MemoryElement, memoryElementBytes } from "../../kernel/kernel.ts";
import { type Address, alignmentOf } from "./emit-memory.ts";
import type { VectorContext } from "./vector-context.ts";

interface GatherForm {
  readonly lanes: number;
  readonly most: number;
  /** The element of the buffer. */
  readonly unit: MemoryElement;
  readonly pushOffsets: () => void;
}

/**
 * Pushes the 32-bit elements that lie at `address` + clamp(offset, 0, most), for each of the first `lanes` of the offsets, which count
 * in the buffer's elements.
 */
export function emitGather(
  { assembler: a, constant, withVector }: VectorContext,
  { push, offset }: Address,
  { lanes, most, unit, pushOffsets }: GatherForm,
): void {
  withVector((bytes) => {
    pushOffsets();
    constant(0);
    a.op("i32x4.max_s");
    constant(most);
    a.op("i32x4.min_s");
    const shift = Math.log2(memoryElementBytes[unit]);
    if (shift > 0) {
      a.i32(shift);
      a.op("i32x4.shl");
    }
    a.set(bytes);
    const pushPlace = (lane: number): void => {
      push();
      a.get(bytes);
      a.op("i32x4.extract_lane", lane);
      a.op("i32.add");
    };
    // The places lie below the loaded lanes on the stack.
    for (let lane = lanes - 1; lane >= 0; lane--) pushPlace(lane);
    const align = alignmentOf("i32", unit);
    a.op("v128.load32_zero", align, offset);
    for (let lane = 1; lane < lanes; lane++) a.op("v128.load32_lane", align, offset, lane);
  });
}
