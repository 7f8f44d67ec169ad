import { expect, test } from "vitest";
import { formatAttribute, parseAttribute } from "./attribute-text.ts";
import {
  type AttributeSchema,
  type AttributeValue,
  boolean,
  elementType,
  float,
  floats,
  int,
  ints,
  shape,
  string,
  strings,
} from "./attribute.ts";
import { PartialShape } from "../tensor/partial-shape.ts";

const any = PartialShape.parse("[?,3,224..448,..7,2..]").dimensions as AttributeValue;

// As OpenVINO 2026.4.1 writes them.
test.each<[string, AttributeSchema, AttributeValue, string]>([
  ["int", int(), -1, "-1"],
  ["large int", int(), 9223372036854775807n, "9223372036854775807"],
  ["float", float(), 0.1, "0.10000000000000001"],
  ["float of f32", float(), Math.fround(1e-5), "9.9999997473787516e-06"],
  ["whole float", float(), 3, "3"],
  ["largest float", float(), 3.4028234663852886e38, "3.4028234663852886e+38"],
  ["small float", float(), 1e-4, "0.0001"],
  ["infinity", float(), Number.NEGATIVE_INFINITY, "-inf"],
  ["boolean", boolean(), true, "true"],
  ["string", string(), "same_upper", "same_upper"],
  ["ints", ints(), [1, -2], "1, -2"],
  ["no ints", ints(), [], ""],
  ["floats", floats(), [2, Math.fround(0.1), 1e-7], "2, 0.1, 1e-07"],
  ["strings", strings(), ["sigmoid", "tanh"], "sigmoid, tanh"],
  ["element type", elementType(), "f16", "f16"],
  ["shape", shape(), any, "?,3,224..448,..7,2.."],
])("%s", (_, schema, value, text) => {
  expect(formatAttribute(schema, value)).toBe(text);
  const back = parseAttribute(schema, text);
  if (schema.kind === "floats") expect((back as number[]).map(Math.fround)).toEqual((value as number[]).map(Math.fround));
  else expect(back).toEqual(value);
});

test("floats keep their f32 value where six digits do not", () => {
  const value = Math.fround(1 / 3);
  expect(formatAttribute(floats(), [value])).toBe("0.33333334");
  expect(Math.fround((parseAttribute(floats(), "0.33333334") as number[])[0])).toBe(value);
});

test.each<[AttributeSchema, string]>([
  [int(), "1.5"],
  [int(), ""],
  [ints(), "1,,2"],
  [float(), "one"],
  [boolean(), "maybe"],
  [elementType(), "f33"],
  [shape(), "3,x"],
  [shape(), "9..2"],
])("%o refuses %j", (schema, text) => {
  expect(parseAttribute(schema, text)).toBeUndefined();
});
