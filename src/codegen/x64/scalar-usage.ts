import type { IndexExpression, IndexVariable, Statement } from "../../kernel/kernel.ts";
import type { AddressPlan, Pointer } from "../address-plan.ts";

export type Scalar = Pointer | IndexVariable;

const roundsOfLoop = 10;

/** How often statements use pointers and index variables: what general registers are given by. */
export class ScalarUsage {
  readonly #plan: AddressPlan;
  readonly #known = new Map<readonly Statement[], ReadonlyMap<Scalar, number>>();

  constructor(plan: AddressPlan) {
    this.#plan = plan;
  }

  /** Uses in one pass over the statements, where a loop makes ten rounds. */
  of(statements: readonly Statement[]): ReadonlyMap<Scalar, number> {
    let usage = this.#known.get(statements);
    if (usage === undefined) this.#known.set(statements, (usage = this.#count(statements)));
    return usage;
  }

  #count(statements: readonly Statement[]): ReadonlyMap<Scalar, number> {
    const usage = new Map<Scalar, number>();
    const use = (scalar: Scalar, weight = 1): void => {
      usage.set(scalar, (usage.get(scalar) ?? 0) + weight);
    };
    const useExpression = ({ terms }: IndexExpression): void => terms.forEach((t) => use(t.variable));
    const useBlock = (block: readonly Statement[], rounds: number): void =>
      this.of(block).forEach((weight, scalar) => use(scalar, weight * rounds));
    const useAdvances = (variable: IndexVariable, rounds: number): void =>
      this.#plan.advances(variable).forEach(({ pointer }) => use(pointer, rounds));
    for (const s of statements)
      switch (s.kind) {
        case "for":
          useExpression(s.begin);
          useExpression(s.end);
          useAdvances(s.variable, roundsOfLoop);
          useBlock(s.body, roundsOfLoop);
          break;
        case "if":
          useExpression(s.nonNegative);
          useBlock(s.then, 1);
          useBlock(s.otherwise, 1);
          break;
        case "load":
        case "store":
        case "gather":
          use(this.#plan.access(s).pointer);
          break;
        case "index": {
          const { definition } = s;
          if (definition.op === "load") use(this.#plan.access(definition).pointer);
          else {
            useExpression(definition.a);
            if ("b" in definition) useExpression(definition.b);
          }
          useAdvances(s.variable, 1);
          break;
        }
        default:
      }
    return usage;
  }
}
