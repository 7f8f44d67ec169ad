import { withoutFeatures } from "./v8-flags.ts";

/**
 * Runs short work whose code the engine has not seen before without the optimizing compiler: its threads take longer
 * to compile the functions of such work than is left of it, on cores that others need.
 */
export const runCold = <T>(work: () => T): T => withoutFeatures(["opt"], work);
