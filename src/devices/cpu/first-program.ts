import { runCold } from "#platform/cold-start";
import type { Model } from "../../model/model.ts";

/** Operations of a model beyond which optimizing the code that compiles it pays while it runs for the first time. */
const mostOperations = 1500;

let isMade = false;

/**
 * Lowers a model or generates its code; until a process has its first program, by code that is not optimized yet and will
 * not be meanwhile. Not for what works through weights, such as folding constants: its loops are worth optimizing.
 */
export const towardsProgram = <T>(model: Model, work: () => T): T =>
  isMade || model.nodes().length > mostOperations ? work() : runCold(work);

/** Says that this process has its first program. */
export function programIsMade(): void {
  isMade = true;
}
