import type { IndexExpression, Register, Statement } from "./kernel.ts";

/** Visits all statements, outer ones before inner ones, in program order. */
export function forEachStatement(body: readonly Statement[], visit: (statement: Statement) => void): void {
  for (const statement of body) {
    visit(statement);
    if (statement.kind === "for") forEachStatement(statement.body, visit);
    else if (statement.kind === "if") {
      forEachStatement(statement.then, visit);
      forEachStatement(statement.otherwise, visit);
    }
  }
}

/** The register that a statement sets, if any. */
export function registerSetBy(statement: Statement): Register | undefined {
  switch (statement.kind) {
    case "load":
    case "gather":
    case "constant":
    case "compute":
    case "assign":
      return statement.target;
    default:
      return undefined;
  }
}

/** The registers that a statement reads, in operand order. */
export function registersReadBy(statement: Statement): readonly Register[] {
  switch (statement.kind) {
    case "store":
    case "assign":
      return [statement.value];
    case "compute":
      return statement.operands;
    case "gather":
      return [statement.offsets];
    default:
      return [];
  }
}

/** The index expressions that a statement itself evaluates (not those of its body). */
export function indicesOf(statement: Statement): readonly IndexExpression[] {
  switch (statement.kind) {
    case "for":
      return [statement.begin, statement.end];
    case "if":
      return [statement.nonNegative];
    case "load":
    case "store":
      return [statement.index];
    case "gather":
      return [statement.base];
    case "index": {
      const { definition } = statement;
      if (definition.op === "load") return [definition.index];
      return definition.op === "min" || definition.op === "max" ? [definition.a, definition.b] : [definition.a];
    }
    default:
      return [];
  }
}
