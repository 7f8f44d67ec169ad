/** Processors that threads of this page may use. */
export const hardwareConcurrency = (): number => globalThis.navigator?.hardwareConcurrency ?? 1;
