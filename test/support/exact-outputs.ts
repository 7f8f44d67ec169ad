import { existsSync, readFileSync } from "node:fs";
import { readNpz } from "../../src/formats/npy/npz.ts";
import { Tensor } from "../../src/tensor/tensor.ts";
import { tensorNumbers } from "../../src/tensor/tensor-numbers.ts";

/** Every so many elements of an output are recorded, as in scripts/record-exact-outputs.py. */
const step = 13;

/**
 * What a network's outputs are in float64, by the keys of its case, where they are recorded: where the framework's own f32 is further
 * from them than REFERENCE may be. They hold a sample of the elements, see `sampleOf`.
 */
export function exactOutputs(file: string): ReadonlyMap<string, Tensor> | undefined {
  const path = new URL(`../fixtures/exact-outputs/${file}`, import.meta.url);
  return existsSync(path) ? readNpz(readFileSync(path), file) : undefined;
}

/** The elements of an output that are recorded. */
export function sampleOf(output: Tensor): Tensor {
  const sample = Float32Array.from(tensorNumbers(output).filter((_, i) => i % step === 0));
  return new Tensor("f32", [sample.length], sample);
}
