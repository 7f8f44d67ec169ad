import { expect, test } from "vitest";
import { evaluateModel } from "../../../test/support/evaluate-model.ts";
import { decomposition } from "../../model/decomposition.ts";
import { Node } from "../../model/node.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { input, modelOf } from "../control-flow/bodies.fixture.ts";
import { constant } from "../infrastructure/constant.ts";
import { NormalizeL2 } from "./normalize-l2.ts";

test("its parts keep zeros where the bound's square is too small for the type", () => {
  const x = input("x", "[2,2]");
  const made = new Node(NormalizeL2, [x, constant("i64", [1])], { eps: 2 ** -252, eps_mode: "max" });
  const parts = decomposition(made)?.outputs ?? [];
  const given = new Tensor("f32", [2, 2], [0, 0, 3, 4]);
  const [own, spelledOut] = [made.outputs, parts].map((outputs) =>
    Array.from(evaluateModel(modelOf([x], outputs), [given])[0].data, Number),
  );
  expect(spelledOut).toEqual(own);
  expect(own).toEqual([0, 0, Math.fround(0.6), Math.fround(0.8)]);
});
