import { availableParallelism } from "node:os";

/** Processors that threads of this process may use. */
export const hardwareConcurrency = (): number => availableParallelism();
