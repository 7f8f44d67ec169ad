import { describe, expect, test } from "vitest";
import { evaluateModel } from "../../test/support/evaluate-model.ts";
import { readModelSync } from "../frontends/read-model.ts";
import type { Model } from "../model/model.ts";
import { printModel } from "../model/print-model.ts";
import { verifyModel } from "../model/verify.ts";
import { thrownBy } from "../common/thrown-error.fixture.ts";
import { accumulator, apply, branches, input, modelOf, runningSum, scaledLoop } from "../ops/control-flow/bodies.fixture.ts";
import { Add } from "../ops/elementwise/add.ts";
import { Multiply } from "../ops/elementwise/multiply.ts";
import { constant } from "../ops/infrastructure/constant.ts";
import { Tensor } from "../tensor/tensor.ts";
import { serializeModel } from "./serialize-model.ts";

const [c, x, k, h] = [input("c", "[]", "boolean"), input("x", "[2,3]"), input("k", "[3]"), input("h", "[2,1]")];
const weights = constant(
  "f32",
  Array.from({ length: 3 }, (_, i) => i + 0.1),
);
const models: Readonly<Record<string, () => Model>> = {
  If: () => {
    const inner = (p: typeof x): typeof x =>
      branches(
        constant("boolean", 1),
        [p],
        ([q]) => [apply(Multiply, [q, weights])],
        ([q]) => [q],
      ).outputs[0];
    const node = branches(
      c,
      [x],
      ([p]) => [inner(p)],
      ([p]) => [apply(Add, [p, p])],
    );
    return modelOf([c, x], node.outputs);
  },
  Loop: () => modelOf([x, k], scaledLoop(constant("i64", 3), constant("boolean", 1), x, k, 2).outputs),
  TensorIterator: () => modelOf([x, h], runningSum(x, h, true).outputs),
  state: accumulator,
};
const read = ({ xml, bin }: { readonly xml: string; readonly bin: Uint8Array }): Model =>
  readModelSync({ bytes: new TextEncoder().encode(xml), name: "a.xml" }, bin);

describe.each(Object.entries(models))("an IR with %s", (_, make) => {
  test("is read as it was written, and written the same again", () => {
    const model = make();
    const written = serializeModel(model);
    const again = read(written);
    verifyModel(again);
    expect(serializeModel(again)).toEqual(written);
    const inputs = model.inputs.map(
      (i) =>
        new Tensor(
          i.elementType,
          i.shape,
          i.shape.reduce((n, d) => n * d, 1) === 1 ? [1] : new Array<number>(i.shape.reduce((n, d) => n * d, 1)).fill(3),
        ),
    );
    expect(evaluateModel(again, inputs)).toEqual(evaluateModel(model, inputs));
  });
});

test("weights in bodies are compressed", () => {
  const text = printModel(read(serializeModel(models["If"](), { compressToFp16: true })));
  expect(text).toMatch(/Constant ".*_compressed".*-> f16\[3\]/);
});

const damage: readonly [what: string, model: string, from: RegExp, to: string][] = [
  ["a layer does not exist", "Loop", /(<input external_port_id="2" internal_layer_id=")\d+/, "$199"],
  ["a port does not exist", "Loop", /<input external_port_id="2"/, '<input external_port_id="77"'],
  ["gives parameter", "Loop", /<input external_port_id="-1".*\/>/, ""],
  ["a back edge joins layers that do not exist", "TensorIterator", /<edge from-layer="\d+" to-layer/, '<edge from-layer="0" to-layer'],
  ["has no <else_body>", "If", /else_body>/g, "other_body>"],
  ["expected integers, and a stride of the part's size", "TensorIterator", /part_size="1"/, 'part_size="none"'],
];
test.each(damage)("a damaged port map is refused: %s", (what, name, from, to) => {
  const { xml, bin } = serializeModel(models[name]());
  const error = thrownBy(() => read({ xml: xml.replace(from, to), bin }));
  expect([error.code, error.message]).toEqual(["INVALID_MODEL", expect.stringContaining(what)]);
});

test("operations of bodies that are not known are listed", () => {
  const { xml, bin } = serializeModel(models["If"]());
  const error = thrownBy(() =>
    read({ xml: xml.replaceAll('type="Multiply"', 'type="Unheard"').replaceAll('type="Add"', 'type="Either"'), bin }),
  );
  expect(error.message).toMatch(/2 layers.*Unheard of opset1.*Either of opset1/);
});
