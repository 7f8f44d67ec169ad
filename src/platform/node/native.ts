import { constants } from "node:buffer";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import process from "node:process";
import { VintnerError } from "../../common/errors.ts";
import type { NativeFunction, NativeSystem } from "../native-system.ts";

type Koffi = typeof import("koffi");

const readWrite = 3;
const readExecute = 5;
const privateAnonymous = process.platform === "darwin" ? 0x1002 : 0x22;
const adviceHugePage = 14;
const failed = -1n;
/** Asynchronous calls at a time: more than processors gain nothing, and koffi refuses more than 256. */
const mostCalls = Math.min(availableParallelism(), 64);

/** POSIX calls through koffi, which gives 64-bit integers as numbers where they fit. */
class PosixSystem implements NativeSystem {
  readonly pageBytes = 4096;
  readonly largestView = constants.MAX_LENGTH;
  readonly hasFutex = process.platform === "linux";
  readonly #koffi: Koffi;
  /** Function types by the number of parameters; koffi keeps each that is made. */
  readonly #types = new Map<number, ReturnType<Koffi["proto"]>>();
  readonly #mmap: (address: null, bytes: number, protection: number, flags: number, file: number, offset: number) => bigint | number;
  readonly #mprotect: (address: bigint, bytes: number, protection: number) => number;
  readonly #munmap: (address: bigint, bytes: number) => number;
  readonly #madvise: (address: bigint, bytes: number, advice: number) => number;
  readonly #create: (thread: (bigint | number)[], attributes: null, entry: bigint, argument: bigint) => number;
  readonly #join: (thread: bigint, result: null) => number;
  #calls = 0;
  /** Asynchronous calls that have not started, the oldest first. */
  readonly #waiting = new Set<() => void>();

  constructor(koffi: Koffi) {
    this.#koffi = koffi;
    const library = koffi.load(process.platform === "darwin" ? "libSystem.dylib" : "libc.so.6");
    this.#mmap = library.func("intptr_t mmap(void*, size_t, int, int, int, intptr_t)");
    this.#mprotect = library.func("int mprotect(intptr_t, size_t, int)");
    this.#munmap = library.func("int munmap(intptr_t, size_t)");
    this.#madvise = library.func("int madvise(intptr_t, size_t, int)");
    this.#create = library.func("int pthread_create(_Out_ intptr_t*, void*, intptr_t, intptr_t)");
    this.#join = library.func("int pthread_join(intptr_t, void*)");
  }

  map(bytes: number): bigint {
    const address = BigInt(this.#mmap(null, bytes, readWrite, privateAnonymous, -1, 0));
    if (address === failed) throw new VintnerError("OUT_OF_MEMORY", { what: `${bytes} bytes of native memory cannot be allocated` });
    return address;
  }
  unmap(address: bigint, bytes: number): void {
    this.#munmap(address, bytes);
  }
  protect(address: bigint, bytes: number, access: "execute" | "none"): void {
    if (this.#mprotect(address, bytes, access === "execute" ? readExecute : 0) !== 0)
      throw new VintnerError("DEVICE", {
        what: access === "execute" ? "the system does not let memory become executable" : "memory cannot be protected",
        hint: 'Set CPU_TARGET to "wasm-simd"',
      });
  }
  adviseLargePages(address: bigint, bytes: number): void {
    if (process.platform === "linux") this.#madvise(address, bytes, adviceHugePage);
  }
  view(address: bigint, bytes: number): ArrayBuffer {
    return this.#koffi.view(address, bytes);
  }
  function(address: bigint, parameters: number): NativeFunction {
    let type = this.#types.get(parameters);
    if (type === undefined)
      this.#types.set(parameters, (type = this.#koffi.proto(`void (${Array.from({ length: parameters }, () => "int64_t").join(", ")})`)));
    const f = this.#koffi.decode(address, type);
    const call = (...args: readonly (bigint | number)[]): void => f(...args);
    const later = (...args: readonly (bigint | number)[]): Promise<void> =>
      this.#inTurn(() => new Promise((resolve, reject) => f.async(...args, (error: Error | null) => (error ? reject(error) : resolve()))));
    return Object.assign(call, { async: later });
  }
  startThread(entry: bigint, argument: bigint): bigint {
    const handle: (bigint | number)[] = [0];
    const code = this.#create(handle, null, entry, argument);
    if (code !== 0) throw new VintnerError("DEVICE", { what: "a thread cannot be started", got: `error ${code}` });
    return BigInt(handle[0]);
  }
  joinThread(handle: bigint): void {
    this.#join(handle, null);
  }

  async #inTurn(call: () => Promise<void>): Promise<void> {
    if (this.#calls < mostCalls) this.#calls++;
    else await new Promise<void>((start) => this.#waiting.add(start));
    try {
      await call();
    } finally {
      const [next] = this.#waiting;
      if (next === undefined) this.#calls--;
      else {
        this.#waiting.delete(next);
        next();
      }
    }
  }
}

let system: NativeSystem | undefined | null = null;

/** Native memory and code on x86-64 Linux and macOS, where the optional package koffi is installed. */
export function nativeSystem(): NativeSystem | undefined {
  if (system !== null) return system;
  system = undefined;
  if (process.arch !== "x64" || (process.platform !== "linux" && process.platform !== "darwin")) return undefined;
  try {
    system = new PosixSystem(createRequire(import.meta.url)("koffi") as Koffi);
  } catch {
    // koffi is optional, and a libc that it cannot open is as good as none.
  }
  return system;
}
