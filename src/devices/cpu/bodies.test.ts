import { afterAll, beforeAll, describe, expect, it, test, vi } from "vitest";
import type { Engine } from "../../kernel/engine.ts";
import type { Body } from "../../model/body.ts";
import type { Model } from "../../model/model.ts";
import { Node } from "../../model/node.ts";
import type { Output } from "../../model/output.ts";
import { VariableStates } from "../../model/variable-states.ts";
import {
  accumulator,
  apply,
  branches,
  growingLoop,
  input,
  modelOf,
  runningSum,
  scaledLoop,
} from "../../ops/control-flow/bodies.fixture.ts";
import { Loop5 } from "../../ops/control-flow/loop.ts";
import { Add } from "../../ops/elementwise/add.ts";
import { Multiply } from "../../ops/elementwise/multiply.ts";
import { Relu } from "../../ops/elementwise/relu.ts";
import { constant } from "../../ops/infrastructure/constant.ts";
import { Concat } from "../../ops/movement/concat.ts";
import { NonZero3 } from "../../ops/movement/non-zero.ts";
import { MatMul } from "../../ops/nn/mat-mul.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { resolveConfig } from "../property.ts";
import { referenceDevice } from "../reference/reference-device.ts";
import { cpuDevice } from "./cpu-device.ts";
import { CpuExecutable } from "./cpu-executable.ts";
import { availableTargets, createEngine } from "./target-selection.ts";

const floats = (values: readonly number[], shape: readonly number[] = [values.length]): Tensor => new Tensor("f32", shape, values);
const truth = (value: boolean): Tensor => new Tensor("boolean", [], [Number(value)]);
const integer = (value: number): Tensor => new Tensor("i64", [], [value]);
const weights = (rows: number, columns: number): Output =>
  constant(
    "f32",
    Array.from({ length: rows * columns }, (_, i) => Math.sin(i) / 4),
    [rows, columns],
  );
const product = (x: Output, w: Output): Output => apply(MatMul, [x, w], { transpose_a: false, transpose_b: false });

/** x = relu(x w) as often as `trips` says, all joined on axis 0. */
function products(trips: Output, x: Output): Node {
  const own = input("x", String(x.partialShape));
  const next = apply(Relu, [product(own, weights(16, 16))]);
  const body: Body = {
    model: modelOf([own], [constant("boolean", 1), next]),
    inputs: [{ kind: "merged", parameter: 0, input: 2, result: 1 }],
    outputs: [
      { kind: "last", result: 1, output: 0 },
      { kind: "concatenated", result: 1, output: 1, axis: 0, start: 0, end: -1, stride: 1, partSize: 1 },
    ],
    condition: 0,
  };
  return new Node(Loop5, [trips, constant("boolean", 1), x], {}, { bodies: [body] });
}

interface Case {
  readonly name: string;
  readonly build: () => Model;
  readonly inputs: readonly (readonly Tensor[])[];
}

const cases: readonly Case[] = [
  {
    name: "If whose branches give different shapes, and what is computed behind it",
    build: () => {
      const [c, x] = [input("c", "[]", "boolean"), input("x", "[2,16]")];
      const node = branches(
        c,
        [x],
        ([p]) => [apply(Add, [p, p])],
        ([p]) => [apply(Concat, [p, product(p, weights(16, 16))], { axis: 0 })],
      );
      return modelOf([c, x], [apply(Relu, [product(node.outputs[0], weights(16, 4))]), x]);
    },
    inputs: [true, false, false, true].map((c) => [
      truth(c),
      floats(
        Array.from({ length: 32 }, (_, i) => i % 7),
        [2, 16],
      ),
    ]),
  },
  {
    name: "If in If, of equal shapes",
    build: () => {
      const [c, x] = [input("c", "[]", "boolean"), input("x", "[3]")];
      const outer = branches(
        c,
        [c, x],
        ([inner, p]) => [
          branches(
            inner,
            [p],
            ([q]) => [apply(Relu, [q])],
            ([q]) => [q],
          ).outputs[0],
        ],
        ([, p]) => [apply(Multiply, [p, p])],
      );
      return modelOf([c, x], outer.outputs);
    },
    inputs: [true, false, true].map((c) => [truth(c), floats([-1, 2, -3])]),
  },
  {
    name: "Loop whose end data decides, with a condition",
    build: () => {
      const [n, c, x, k] = [input("n", "[]", "i64"), input("c", "[]", "boolean"), input("x", "[1,2]"), input("k", "[2]")];
      return modelOf([n, c, x, k], scaledLoop(n, c, x, k, 4).outputs);
    },
    inputs: (
      [
        [3, true],
        [0, true],
        [9, true],
        [9, false],
        [3, true],
      ] as const
    ).map(([n, c]) => [integer(n), truth(c), floats([1, 2], [1, 2]), floats([2, 3])]),
  },
  {
    name: "Loop of products",
    build: () => {
      const [n, x] = [input("n", "[]", "i64"), input("x", "[1,16]")];
      const node = products(n, x);
      return modelOf([n, x], [node.outputs[0], apply(Relu, [node.outputs[1]])]);
    },
    inputs: [5, 2, 5, 1].map((n) => [
      integer(n),
      floats(
        Array.from({ length: 16 }, (_, i) => Math.cos(i)),
        [1, 16],
      ),
    ]),
  },
  {
    name: "Loop whose state grows",
    build: () => {
      const [n, x, y] = [input("n", "[]", "i64"), input("x", "[?,3]"), input("y", "[2,3]")];
      return modelOf([n, x, y], growingLoop(n, x, y).outputs);
    },
    inputs: [2, 4, 0, 4].map((n) => [integer(n), floats([1, 2, 3], [1, 3]), floats([4, 5, 6, 7, 8, 9], [2, 3])]),
  },
  ...[false, true].map((backwards) => ({
    name: `TensorIterator ${backwards ? "from the end" : "from the begin"}`,
    build: () => {
      const [x, h] = [input("x", "[2,5]"), input("h", "[2,1]")];
      return modelOf([x, h], runningSum(x, h, backwards).outputs);
    },
    inputs: [1, 2].map((k) => [
      floats(
        Array.from({ length: 10 }, (_, i) => i * k),
        [2, 5],
      ),
      floats([10, 20], [2, 1]),
    ]),
  })),
  {
    name: "a break in a body",
    build: () => {
      const [c, x] = [input("c", "[]", "boolean"), input("x", "[2,3]")];
      const node = branches(
        c,
        [x],
        ([p]) => [apply(NonZero3, [p], { output_type: "i64" })],
        ([p]) => [apply(NonZero3, [apply(Relu, [p])], { output_type: "i64" })],
      );
      return modelOf([c, x], [apply(Add, [node.outputs[0], constant("i64", 1)])]);
    },
    inputs: [true, false, true].map((c) => [truth(c), floats([-1, 0, 3, -4, 5, 0], [2, 3])]),
  },
];

const plain = (tensors: readonly Tensor[]): unknown => tensors.map((t) => ({ type: t.elementType, shape: t.shape }));

describe.each(availableTargets())("bodies on %s", (target) => {
  const config = resolveConfig("CPU", cpuDevice.properties, { CPU_TARGET: target, INFERENCE_NUM_THREADS: 2, PERF_COUNT: true });

  describe.each(cases)("$name", ({ build, inputs }) => {
    let executable: CpuExecutable;
    beforeAll(() => {
      executable = cpuDevice.compile(build(), config);
    });
    afterAll(() => executable.dispose());

    it("gives what REFERENCE gives, again and again, and at the same time", async () => {
      const reference = referenceDevice.compile(build(), resolveConfig("REFERENCE", referenceDevice.properties, {})).createRequest();
      const expected = inputs.map((tensors) => reference.infer(tensors));
      const request = executable.createRequest();
      const got = [...inputs, ...inputs].map((tensors) => request.infer(tensors));
      const other = await Promise.all(inputs.map((tensors) => executable.createRequest().inferAsync(tensors)));
      for (const [i, tensors] of [...got, ...other].entries()) {
        const wanted = expected[i % inputs.length];
        expect(plain(tensors)).toEqual(plain(wanted));
        for (const [k, want] of wanted.entries())
          for (let e = 0; e < want.size; e++) expect(Number(tensors[k].data[e])).toBeCloseTo(Number(want.data[e]), 4);
      }
    });
  });

  it("keeps variables in the request", () => {
    const executable = cpuDevice.compile(accumulator(), config);
    const [a, b] = [0, 1].map(() => ({ request: executable.createRequest(), state: new VariableStates(accumulator().variables) }));
    const add = ({ request, state }: typeof a, x: number): number[] => {
      state.begin();
      const [y] = request.infer([floats([x, 2 * x])], state);
      state.commit();
      return [...(y.data as Float32Array)];
    };
    expect(add(a, 1)).toEqual([11, 12]);
    expect(add(a, 2)).toEqual([13, 16]);
    expect(add(b, 5)).toEqual([15, 20]);
    a.state.reset();
    expect(add(a, 1)).toEqual([11, 12]);
    executable.dispose();
  });
});

test("a body is compiled once for all iterations, inferences and requests, and its profile counts them together", () => {
  const [n, x] = [input("n", "[]", "i64"), input("x", "[1,16]")];
  const engine: Engine = createEngine("interpreter", 1);
  const program = vi.spyOn(engine, "program");
  const executable = new CpuExecutable(modelOf([n, x], [products(n, x).outputs[0]]), engine, true);
  const request = executable.createRequest();
  const inputs = [integer(50), floats(new Array<number>(16).fill(1), [1, 16])];
  request.infer(inputs);
  const made = program.mock.calls.length;
  expect(made).toBeLessThan(4);
  request.infer(inputs);
  expect(program.mock.calls.length).toBe(made);
  const products50 = request.profile().filter((entry) => entry.type.includes("MatMul"));
  expect(products50.length).toBeLessThan(3);
  expect(products50.reduce((sum, entry) => sum + (entry.operations ?? 0), 0)).toBe(50 * 2 * 16 * 16);
  executable.dispose();
});
