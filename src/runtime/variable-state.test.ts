import { expect, test } from "vitest";
import { thrownBy } from "../common/thrown-error.fixture.ts";
import { Model } from "../model/model.ts";
import { Node } from "../model/node.ts";
import { accumulator, apply, input, modelOf } from "../ops/control-flow/bodies.fixture.ts";
import { Add } from "../ops/elementwise/add.ts";
import { constant } from "../ops/infrastructure/constant.ts";
import { Assign3 } from "../ops/state/assign.ts";
import { ReadValue3 } from "../ops/state/read-value.ts";
import { Tensor } from "../tensor/tensor.ts";
import { Core } from "./core.ts";

const tensor = (...values: number[]): Tensor => new Tensor("f32", [values.length], values);
const numbers = (outputs: Record<string, Tensor>): number[] => Array.from(Object.values(outputs)[0].data, Number);

test.each(["REFERENCE", "CPU"])("a request on %s keeps its variables, gives them, takes and resets them", async (device) => {
  const compiled = new Core().compileModelSync(accumulator(), device);
  try {
    const [request, other] = [compiled.createInferRequest(), compiled.createInferRequest()];
    expect(numbers(request.infer([tensor(1, 2)]))).toEqual([11, 12]);
    expect(numbers(await request.inferAsync([tensor(1, 2)]))).toEqual([12, 14]);
    expect(numbers(other.infer([tensor(0, 0)]))).toEqual([10, 10]);

    const [sum, ...more] = request.queryState();
    expect([sum.name, more.length]).toEqual(["sum", 0]);
    expect(Array.from(sum.state.data, Number)).toEqual([12, 14]);
    sum.state = tensor(100, 200);
    expect(numbers(request.infer([tensor(1, 2)]))).toEqual([101, 202]);
    sum.reset();
    expect(Array.from(sum.getState().data, Number)).toEqual([0, 0]);
    expect(numbers(request.infer([tensor(1, 2)]))).toEqual([11, 12]);
    request.resetState();
    expect(numbers(request.infer([tensor(5, 5)]))).toEqual([15, 15]);
  } finally {
    compiled.dispose();
  }
});

test("a value is not the caller's tensor, and must fit", () => {
  const request = new Core().compileModelSync(accumulator(), "REFERENCE").createInferRequest();
  const [sum] = request.queryState();
  const value = tensor(1, 1);
  sum.setState(value);
  (value.data as Float32Array).fill(9);
  expect(numbers(request.infer([tensor(0, 0)]))).toEqual([1, 1]);
  expect(thrownBy(() => sum.setState(tensor(1, 2, 3))).message).toMatch(/variable "sum".*expected f32\[2\], got f32\[3\]/);
  expect(thrownBy(() => sum.setState(new Tensor("i32", [2]))).code).toBe("INVALID_ARGUMENT");
});

test("what is read does not depend on the order of nodes, and a failure leaves the variables as they were", () => {
  const x = input("x", "[?]");
  const read = new Node(ReadValue3, [constant("f32", [0])], { variable_id: "v" });
  const write = new Node(Assign3, [x], { variable_id: "v" });
  const model = modelOf([x], [apply(Add, [read.outputs[0], constant("f32", [0])])], [write]);
  // the sink comes first
  const early = new Model({ name: "early", parameters: model.parameters, results: [...model.results], sinks: [write] });
  const request = new Core().compileModelSync(early, "REFERENCE").createInferRequest();
  expect(numbers(request.infer([tensor(3)]))).toEqual([0]);
  expect(numbers(request.infer([tensor(4)]))).toEqual([3]);
  expect(thrownBy(() => request.infer([tensor(1, 2), tensor(3)])).code).toBe("INVALID_ARGUMENT");
  expect(numbers(request.infer([tensor(5)]))).toEqual([4]);
});
