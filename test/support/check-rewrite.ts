import { expect } from "vitest";
import { Model } from "../../src/model/model.ts";
import { node as makeNode, type Node } from "../../src/model/node.ts";
import type { OperationDefinition } from "../../src/model/operation.ts";
import type { Output } from "../../src/model/output.ts";
import { parameter } from "../../src/ops/infrastructure/parameter.ts";
import { result } from "../../src/ops/infrastructure/result.ts";
import { isFloat, type ElementType } from "../../src/tensor/element-type.ts";
import { PartialShape } from "../../src/tensor/partial-shape.ts";
import { Tensor } from "../../src/tensor/tensor.ts";
import { constantOf } from "../../src/transformations/evaluate-node.ts";
import type { Rewrite } from "../../src/transformations/rewrite.ts";
import { runRewrites } from "../../src/transformations/run-rewrites.ts";
import { evaluateModel } from "./evaluate-model.ts";
import { tensorNumbers, tensorOfNumbers } from "../../src/tensor/tensor-numbers.ts";

/** Numbers from -2 to 2, the same ones each time. */
export function seededNumbers(count: number, seed = 1): number[] {
  let state = seed;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 32) * 4 - 2;
  });
}

/** Builds small graphs for tests. */
export class Graph {
  readonly parameters: Node[] = [];
  #seed = 1;

  input(shape: string, type: ElementType = "f32"): Output {
    const made = parameter(type, PartialShape.parse(shape), `input${this.parameters.length}`);
    this.parameters.push(made);
    return made.outputs[0];
  }

  apply(op: OperationDefinition, inputs: readonly Output[], attributes: Parameters<typeof makeNode>[2] = {}): Output {
    return makeNode(op, inputs, attributes).outputs[0];
  }

  /** A float constant of seeded numbers. */
  weights(...shape: number[]): Output {
    return constantOf(
      "f32",
      seededNumbers(
        shape.reduce((a, b) => a * b, 1),
        ++this.#seed,
      ),
      shape,
    );
  }

  floats(values: number | readonly number[], shape?: readonly number[]): Output {
    return constantOf("f32", values, shape);
  }

  ints(values: number | readonly number[], shape?: readonly number[]): Output {
    return constantOf("i64", values, shape);
  }

  model(...outputs: readonly Output[]): Model {
    return new Model({ name: "test", parameters: this.parameters, results: outputs.map((o, i) => result(o, `result${i}`)) });
  }
}

/** Operation types and how often they occur, without constants, inputs and outputs. */
export function countOperations(model: Model): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const node of model.nodes()) if (node.op.role === undefined) counts[node.type] = (counts[node.type] ?? 0) + 1;
  return counts;
}

export interface RewriteCase {
  readonly rewrites: readonly Rewrite[];
  readonly build: (graph: Graph) => Output | readonly Output[];
  /** The operations afterwards. */
  readonly expected: Readonly<Record<string, number>>;
  /** Lengths for dynamic inputs. */
  readonly shapes?: readonly (readonly number[])[];
  readonly tolerance?: number;
}

/** Runs a graph before and after the rewrites: the outputs must be equal, the operations as expected. Gives the model. */
export function checkRewrite({ rewrites, build, expected, shapes, tolerance = 1e-5 }: RewriteCase): Model {
  const make = (): Model => {
    const graph = new Graph();
    const outputs = build(graph);
    return graph.model(...(Array.isArray(outputs) ? (outputs as readonly Output[]) : [outputs as Output]));
  };
  const plain = make();
  const rewritten = make();
  runRewrites(rewritten, rewrites, { verify: true });
  const inputs = plain.inputs.map((input, i) => {
    const shape = shapes?.[i] ?? input.shape;
    const numbers = seededNumbers(
      shape.reduce((a, b) => a * b, 1),
      77 + i,
    );
    return tensorOfNumbers(input.elementType, shape, isFloat(input.elementType) ? numbers : numbers.map((n) => Math.abs(Math.trunc(n))));
  });
  expect(countOperations(rewritten)).toEqual(expected);
  expectEqualOutputs(evaluateModel(rewritten, inputs), evaluateModel(plain, inputs), tolerance);
  expect(rewritten.outputs.map((o) => [...o.names])).toEqual(plain.outputs.map((o) => [...o.names]));
  return rewritten;
}

/** Equal types and shapes, and elements within `tolerance` of the output's range. */
export function expectEqualOutputs(got: readonly Tensor[], wanted: readonly Tensor[], tolerance: number): void {
  expect(got.map((t) => `${t.elementType}[${t.shape}]`)).toEqual(wanted.map((t) => `${t.elementType}[${t.shape}]`));
  for (const [i, tensor] of wanted.entries()) {
    const a = Array.from(tensorNumbers(got[i]));
    const b = Array.from(tensorNumbers(tensor));
    const range = b.reduce((m, x) => Math.max(m, Math.abs(x)), 1e-6);
    const worst = b.reduce((m, x, j) => (Object.is(x, a[j]) ? m : Math.max(m, Math.abs(x - a[j]))), 0);
    expect(worst / range).toBeLessThanOrEqual(tolerance);
  }
}
