import type { OperationDefinition } from "../../../model/operation.ts";
import { Equal } from "../../../ops/elementwise/equal.ts";
import { GreaterEqual } from "../../../ops/elementwise/greater-equal.ts";
import { Greater } from "../../../ops/elementwise/greater.ts";
import { LessEqual } from "../../../ops/elementwise/less-equal.ts";
import { Less } from "../../../ops/elementwise/less.ts";
import { LogicalAnd } from "../../../ops/elementwise/logical-and.ts";
import { LogicalOr } from "../../../ops/elementwise/logical-or.ts";
import { LogicalXor } from "../../../ops/elementwise/logical-xor.ts";
import { Select } from "../../../ops/elementwise/select.ts";
import { onnxOperator, type Operator } from "../operator.ts";
import { binaryInputs } from "./legacy-broadcast.ts";

const binary = (type: string, op: OperationDefinition): Operator => onnxOperator(type, (node) => node.add(op, binaryInputs(node)));

export const comparisonOperators: readonly Operator[] = [
  binary("And", LogicalAnd),
  binary("Equal", Equal),
  binary("Greater", Greater),
  binary("GreaterOrEqual", GreaterEqual),
  binary("Less", Less),
  binary("LessOrEqual", LessEqual),
  binary("Or", LogicalOr),
  binary("Xor", LogicalXor),
  onnxOperator("Where", (node) => node.add(Select, [node.input(0), node.input(1), node.input(2)])),
];
