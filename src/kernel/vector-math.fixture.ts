import { KernelBuilder } from "./builder.ts";
import { type Engine, operandIn } from "./engine.ts";
import type { Register } from "./kernel.ts";

/**
 * Runs a function of one or two operands of the kernel language over arrays of one length on an engine; one result for
 * each element. Engines keep code by name and length, so a name stands for one function.
 */
export function evaluateOn(
  engine: Engine,
  name: string,
  f: (k: KernelBuilder, x: Register, y: Register) => Register,
  inputs: readonly [x: Float32Array, y?: Float32Array],
): Float32Array {
  const k = new KernelBuilder(name, engine.target);
  const length = Math.ceil(inputs[0].length / k.lanes) * k.lanes;
  const given = inputs.filter((values) => values !== undefined);
  const operands = given.map((_, i) => k.buffer(`x${i}`, "f32", length, "read"));
  const result = k.buffer("y", "f32", length, "write");
  k.for(length / k.lanes, (i) => {
    const [x, y = x] = operands.map((operand) => k.load(operand, i.mul(k.lanes)));
    k.store(result, i.mul(k.lanes), f(k, x, y));
  });
  const memories = [...given, new Float32Array(length)].map(() => engine.allocate(length * 4));
  const at = (memory: (typeof memories)[number]): Float32Array => {
    const bytes = memory.bytes();
    return new Float32Array(bytes.buffer, bytes.byteOffset, length);
  };
  for (const [i, values] of given.entries()) at(memories[i]).set(values);
  const kernel = k.build({ key: `${name} over ${length}` });
  const program = engine.program([{ kernel, operands: memories.map((memory) => operandIn(memory)), barrier: false }]);
  program.run();
  const values = at(memories[given.length]).slice(0, inputs[0].length);
  program.dispose();
  for (const memory of memories) memory.dispose();
  return values;
}

/** Distance in units in the last place of the exact result's binade; 0 where both are the same special value. */
export function ulpError(got: number, exact: number): number {
  const rounded = Math.fround(exact);
  if (Number.isNaN(rounded) || Math.abs(rounded) === Number.POSITIVE_INFINITY)
    return Object.is(got, rounded) ? 0 : Number.POSITIVE_INFINITY;
  const exponent = Math.max(-126, exact === 0 ? -126 : Math.floor(Math.log2(Math.abs(exact))));
  const error = Math.abs(got - exact) / 2 ** (exponent - 23);
  return Number.isNaN(error) ? Number.POSITIVE_INFINITY : error;
}

/** About `count` floats, evenly spaced by their bits from `from` to `to` (both positive or 0), ends included. */
export function floatsBetween(from: number, to: number, count: number): Float32Array {
  const [first, last] = new Int32Array(Float32Array.of(from, to).buffer);
  const step = Math.max(1, Math.floor((last - first) / count));
  const bits = Int32Array.from({ length: Math.floor((last - first) / step) + 2 }, (_, i) => Math.min(last, first + i * step));
  return new Float32Array(bits.buffer);
}

/** `count` floats evenly spaced from `from` to `to`. */
export const evenly = (from: number, to: number, count: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => from + ((to - from) * i) / (count - 1));
