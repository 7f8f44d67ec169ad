/**
 * Memory that the scheduler's instances on all threads and JavaScript share. Words of the control block lie on cache
 * lines of their own; all are accessed by atomic operations.
 */
export const control = {
  /** Counts runs and other news; idle workers wait for it to change. */
  epoch: 64,
  /** Libraries of kernels that have come or gone, -1 to stop: a worker that knows of another number returns to JavaScript. */
  news: 128,
  /** Workers inside a run. */
  active: 192,
  /** First step of the program that is running; 0 when there is none. */
  firstStep: 256,
  /** Behind its last step. */
  endStep: 260,
  /** Whether the run is asynchronous: the worker that ends it tells the main thread. */
  asynchronous: 264,
  /** Workers asleep on `epoch`. */
  sleepers: 320,
  /** Threads asleep on a phase's `done`. */
  waiters: 384,
  /** Set when a kernel has trapped: its task will never end, so that nobody may wait for it. */
  failed: 448,
} as const;

/** A step's record: what to call, and the counters of a run. */
export const stepRecord = {
  byteLength: 64,
  /** Index into the table of functions. */
  function: 0,
  /** Address of the operands' addresses. */
  operands: 4,
  tasks: 8,
  /** 1 where all earlier steps must have ended. The steps from one barrier to the next are a phase. */
  barrier: 12,
  /** Tasks handed out. */
  next: 16,
  /** In a phase's first step: tasks of the phase that have ended. */
  done: 20,
} as const;
