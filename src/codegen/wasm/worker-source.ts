import type { KernelLibrary } from "./kernel-library.ts";
import { poolAddress, poolWord } from "./scheduler.ts";

/** What a worker is told. Each `add` and `remove` is a piece of news, which workers count. */
export type WorkerMessage =
  | { readonly scheduler: WebAssembly.Module; readonly memory: WebAssembly.Memory; readonly worker: number; readonly news: number }
  | { readonly add: WebAssembly.Module; readonly base: number; readonly count: number }
  | { readonly remove: number; readonly count: number };

export const additionOf = ({ module, base, keys }: KernelLibrary): WorkerMessage => ({ add: module, base, count: keys.length });
export const removalOf = ({ base, keys }: KernelLibrary): WorkerMessage => ({ remove: base, count: keys.length });

/**
 * What a worker runs: it takes the scheduler, then libraries of kernels as they come and go, and works between messages.
 * `work` returns when there is news that the worker does not know, whose message is then on its way: so it needs neither
 * a timer nor a way to read messages while it waits. Where a kernel traps it says so to all and fails. `receive` and `send` are
 * the platform's.
 */
export const workerSource = `
let env, worker, work, news;
receive((message) => {
  if (message.scheduler) {
    const table = new WebAssembly.Table({ element: "anyfunc", initial: 0 });
    env = { memory: message.memory, table, finished: () => send("finished") };
    worker = message.worker;
    news = message.news;
    work = new WebAssembly.Instance(message.scheduler, { env }).exports.work;
  } else if (message.add) {
    const end = message.base + message.count;
    if (end > env.table.length) env.table.grow(end - env.table.length);
    new WebAssembly.Instance(message.add, { env });
    news++;
  } else {
    for (let i = 0; i < message.count; i++) env.table.set(message.remove + i, null);
    news++;
  }
  try {
    work(${poolAddress}, worker, news);
  } catch (error) {
    Atomics.store(new Int32Array(env.memory.buffer), ${poolWord("failed")}, 1);
    throw error;
  }
});
`;
