import fc from "fast-check";
import { KernelBuilder } from "../kernel/builder.ts";
import type { KernelBuffer } from "../kernel/kernel.ts";
import { targets } from "../kernel/targets.fixture.ts";
import type { LoweredStep } from "./lowered-step.ts";
import { type Block, type View, viewMemory, viewSpan } from "./view.ts";

export interface StepOperand {
  readonly view: View;
  readonly access: KernelBuffer["access"];
}

/** A step that touches views and computes nothing. */
export function stepOf(operands: readonly StepOperand[]): LoweredStep {
  const k = new KernelBuilder("touch", targets.interpreter);
  for (const [i, { view, access }] of operands.entries()) k.buffer(`b${i}`, viewMemory(view), viewSpan(view), access);
  return { kind: "kernel", kernel: k.build({ key: "touch" }), operands: operands.map((o) => o.view), nodes: [] };
}

/** All elements of a block, as a vector. */
export const wholeBlock = (block: Block): View => ({
  block,
  offset: 0,
  shape: [block.byteLength / 4],
  strides: [1],
  element: "f32",
});

export const arbitraryBlocks: fc.Arbitrary<Block[]> = fc
  .array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 8 })
  .map((sizes) => sizes.map((size, id) => ({ id, byteLength: size * 4, kind: "arena", name: `b${id}` })));

/** Steps over parts of blocks. */
export const arbitrarySteps = (blocks: readonly Block[]): fc.Arbitrary<LoweredStep[]> => {
  const operand = fc
    .record({
      block: fc.constantFrom(...blocks),
      begin: fc.double({ min: 0, max: 1, noNaN: true }),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
      access: fc.constantFrom("read" as const, "write" as const, "readWrite" as const),
    })
    .map(({ block, begin, share, access }): StepOperand => {
      const elements = block.byteLength / 4;
      const offset = Math.min(elements - 1, Math.floor(begin * elements));
      const length = 1 + Math.floor(share * (elements - offset - 1));
      return { view: { ...wholeBlock(block), offset, shape: [length] }, access };
    });
  return fc.array(fc.array(operand, { minLength: 1, maxLength: 3 }).map(stepOf), { minLength: 1, maxLength: 10 });
};
