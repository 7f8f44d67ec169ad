/** A native function: integers and addresses go in, nothing comes out. */
export interface NativeFunction {
  (...args: readonly (bigint | number)[]): void;
  /** The same on a thread of the runtime's pool. */
  async(...args: readonly (bigint | number)[]): Promise<void>;
}

/**
 * Native memory, code and threads, where the platform lets JavaScript reach them. Addresses are bigints. Functions follow
 * the System V calling convention.
 */
export interface NativeSystem {
  readonly pageBytes: number;
  /** Whether code may sleep and wake by Linux's futex call. */
  readonly hasFutex: boolean;
  /** Private pages, zero, readable and writable. Throws OUT_OF_MEMORY. */
  map(bytes: number): bigint;
  unmap(address: bigint, bytes: number): void;
  /** Pages become code that can no longer be written, or unreachable. Throws DEVICE. */
  protect(address: bigint, bytes: number, access: "execute" | "none"): void;
  /** Asks for large pages; a hint. */
  adviseLargePages(address: bigint, bytes: number): void;
  /** Most bytes that a view can have. */
  readonly largestView: number;
  /** The memory as an ArrayBuffer. Once for each address. Ends the process where it is larger than `largestView`. */
  view(address: bigint, bytes: number): ArrayBuffer;
  /** Code as a function of up to six 64-bit integers. */
  function(address: bigint, parameters: number): NativeFunction;
  /** Starts a thread at `void* entry(void*)`; returns its handle. Throws DEVICE. */
  startThread(entry: bigint, argument: bigint): bigint;
  joinThread(handle: bigint): void;
}
