import type { OperationDefinition, Opset } from "../model/operation.ts";
import { opset1 } from "./opsets/opset1.ts";
import { opset2 } from "./opsets/opset2.ts";
import { opset3 } from "./opsets/opset3.ts";
import { opset4 } from "./opsets/opset4.ts";
import { opset5 } from "./opsets/opset5.ts";
import { opset6 } from "./opsets/opset6.ts";
import { opset7 } from "./opsets/opset7.ts";
import { opset8 } from "./opsets/opset8.ts";
import { opset9 } from "./opsets/opset9.ts";
import { opset10 } from "./opsets/opset10.ts";
import { opset11 } from "./opsets/opset11.ts";
import { opset12 } from "./opsets/opset12.ts";
import { opset13 } from "./opsets/opset13.ts";
import { opset14 } from "./opsets/opset14.ts";
import { opset15 } from "./opsets/opset15.ts";
import { opset16 } from "./opsets/opset16.ts";

/** What each opset introduced, in order. Their types carry the operations' names and attributes to the builders of vintner/opset. */
export const opsets = [
  opset1,
  opset2,
  opset3,
  opset4,
  opset5,
  opset6,
  opset7,
  opset8,
  opset9,
  opset10,
  opset11,
  opset12,
  opset13,
  opset14,
  opset15,
  opset16,
] as const;

const all: readonly OperationDefinition[] = opsets.flat();

const numberOf = (opset: Opset): number => Number(opset.slice("opset".length));

/** Versions of each operation by its type and by its name in the IR, newest first. */
const byType = new Map<string, OperationDefinition[]>();
for (const op of all)
  for (const name of new Set([op.type, op.irType ?? op.type]))
    byType.set(
      name,
      [...(byType.get(name) ?? []), op].toSorted((a, b) => numberOf(b.since) - numberOf(a.since)),
    );

/** The version of an operation that an opset has: the newest introduced in it or before. Takes IR names (`ReLU`, `Const`) as well. */
export function findOperation(type: string, opset: Opset): OperationDefinition | undefined {
  const most = numberOf(opset);
  return byType.get(type)?.find((op) => numberOf(op.since) <= most);
}

/** Every version of every operation. */
export const allOperations = (): readonly OperationDefinition[] => all;
