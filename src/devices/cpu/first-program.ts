import { runCold } from "#platform/cold-start";
import type { Model } from "../../model/model.ts";

/** Operations of a model beyond which optimizing the code that compiles it pays while it runs for the first time. */
const mostOperations = 1500;

let isMade = false;

/** Does what leads to a program; until a process has its first, by code that is not optimized yet and will not be meanwhile. */
export const towardsProgram = <T>(model: Model, work: () => T): T =>
  isMade || model.nodes().length > mostOperations ? work() : runCold(work);

/** Says that this process has its first program. */
export function programIsMade(): void {
  isMade = true;
}
