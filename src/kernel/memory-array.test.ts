import { describe, expect, it } from "vitest";
import { KernelBuilder } from "./builder.ts";
import { type Operand, operandIn, operandWithin } from "./engine.ts";
import { InterpreterEngine } from "./interpreter-engine.ts";
import { checkStepOperands } from "./memory-array.ts";
import { interpreterTarget } from "./target.ts";

const memory = new InterpreterEngine().allocate(4096);

/** A kernel over 16 floats. */
function check(operand: Operand): () => void {
  const k = new KernelBuilder("fill", interpreterTarget);
  const y = k.buffer("y", "f32", 16, "write");
  k.store(y, 0, k.constant(1));
  return () => checkStepOperands({ kernel: k.build({ key: "fill" }), operands: [operand], barrier: false });
}

describe("checkStepOperands", () => {
  it("takes an operand that holds the buffer", () => {
    for (const operand of [operandIn(memory), operandIn(memory, 4032), operandWithin({ memory, byteOffset: 128, byteLength: 128 }, 64)])
      expect(check(operand)).not.toThrow();
  });

  it.each([
    ["the memory ends", operandIn(memory, 4036)],
    ["the block ends, though the memory does not", { memory, byteOffset: 128, byteLength: 60 }],
    ["the block ends behind an offset in it", operandWithin({ memory, byteOffset: 128, byteLength: 64 }, 4)],
    ["the offset lies behind the block", operandWithin({ memory, byteOffset: 128, byteLength: 64 }, 128)],
    ["the block leaves the memory", { memory, byteOffset: 4032, byteLength: 128 }],
    ["the block begins before the memory", { memory, byteOffset: -64, byteLength: 128 }],
    ["the place is no multiple of the element", { memory, byteOffset: 2, byteLength: 128 }],
    ["the place is no number", { memory, byteOffset: NaN, byteLength: 128 }],
  ])("refuses one where %s", (_, operand) => {
    expect(check(operand)).toThrow("the operand does not hold the buffer");
  });
});
