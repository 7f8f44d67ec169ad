/** Runs work whose code the engine has not seen before; browsers decide themselves what to optimize. */
export const runCold = <T>(work: () => T): T => work();
