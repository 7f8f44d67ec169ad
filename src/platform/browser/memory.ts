/** Bytes that this page may ever hold: no browser tells, and all that vintner runs on there lies in a 32-bit memory. */
export const memoryLimit = (): number => 2 ** 32;
