import { expect, test } from "vitest";
import { Model } from "../model/model.ts";
import { opset } from "../opset.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { Device } from "./device.ts";
import { referenceDevice } from "./reference/reference-device.ts";
import { alone, compileSync, inferSync } from "./synchronous.ts";

const x = opset.parameter("f32", [2], "x");
const model = (): Model => new Model({ name: "m", parameters: [x], results: [opset.result(opset.relu(x), "y")] });

test("what a device cannot do at once is refused, and works asynchronously", async () => {
  const { name, description, properties, query, compileAsync } = referenceDevice;
  const device: Device = { name, description, properties, query, compileAsync };
  expect(() => compileSync(device, model(), {})).toThrow("compiles asynchronously only");
  const executable = await device.compileAsync(model(), {}, alone);
  const request = executable.createRequest();
  const tensors = [new Tensor("f32", [2], [1, -1])];
  const later = { inferAsync: () => request.inferAsync(tensors), profile: () => [], dispose: () => {} };
  expect(() => inferSync(later, tensors)).toThrow("infers asynchronously only");
  expect([...(await later.inferAsync())[0].data]).toEqual([1, 0]);
  expect(inferSync(request, tensors)[0].data).toEqual(new Float32Array([1, 0]));
});

test("a device that is used alone reaches no others", () => expect(() => alone.device("CPU")).toThrow("reaches no others"));
