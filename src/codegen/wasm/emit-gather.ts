import type { Address } from "./emit-memory.ts";
import type { VectorContext } from "./vector-context.ts";

/** Pushes the 32-bit elements that lie at `address` + unit * clamp(offset, 0, most), for each of the first `lanes` of the offsets. */
export function emitGather(
  { assembler: a, constant, withVector }: VectorContext,
  { push, offset }: Address,
  {
    lanes,
    most,
    unit,
    pushOffsets,
  }: { readonly lanes: number; readonly most: number; readonly unit: number; readonly pushOffsets: () => void },
): void {
  withVector((bytes) => {
    pushOffsets();
    constant(0);
    a.op("i32x4.max_s");
    constant(most);
    a.op("i32x4.min_s");
    a.i32(Math.log2(unit));
    a.op("i32x4.shl");
    a.set(bytes);
    const pushPlace = (lane: number): void => {
      push();
      a.get(bytes);
      a.op("i32x4.extract_lane", lane);
      a.op("i32.add");
    };
    // The places lie below the loaded lanes on the stack.
    for (let lane = lanes - 1; lane >= 0; lane--) pushPlace(lane);
    a.op("v128.load32_zero", 2, offset);
    for (let lane = 1; lane < lanes; lane++) a.op("v128.load32_lane", 2, offset, lane);
  });
}
