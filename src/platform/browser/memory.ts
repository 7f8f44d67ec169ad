/** Bytes that this page may ever hold: no browser tells, and all that vintner runs on there lies in a 32-bit memory. */
export const memoryLimit = (): number => 2 ** 32;

/** Bytes that JavaScript's own objects may take: what browsers give a page at least. */
export const heapLimit = (): number => 2 ** 31;
