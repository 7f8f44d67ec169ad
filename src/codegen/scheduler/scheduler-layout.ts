import { mostThreads } from "../../kernel/engine.ts";

/**
 * Where things lie in the memory that threads share. Words are as wide as addresses; what several threads write lies on cache lines
 * of its own. `lineBytes` is two words' multiple on every machine, and 64 bytes on all that there are.
 */
export const lineBytes = 64;

/** The state of a pool of threads. */
export const poolLayout = {
  /** Counts runs that were opened, and other news: idle workers wait for it to change. */
  epoch: 0,
  /** Workers asleep on `epoch`, and those awake that look at it. */
  sleepers: lineBytes,
  idle: 2 * lineBytes,
  /** Workers of higher numbers leave. */
  wanted: 3 * lineBytes,
  /** Messages of the host's that workers must know; a worker that knows of another number returns. */
  news: 4 * lineBytes,
  /** Set when a kernel has trapped: its task will never end, so that nobody may wait for it. */
  failed: 5 * lineBytes,
  /** Always 0. */
  zero: 6 * lineBytes,
  /** A run that is asked for: 0 none, 1 asked for, 2 begun; and its parameters, a word each. */
  asked: 7 * lineBytes,
  request: 8 * lineBytes,
  slots: 9 * lineBytes,
} as const;

/** What one run shares with its workers. */
export const slotLayout = {
  /** Whether a run has the slot. */
  busy: 0,
  /** Odd while workers may come in. */
  generation: lineBytes,
  /** Workers inside. */
  active: 2 * lineBytes,
  /** The run's parameters, a word each: program, first, end. */
  run: 3 * lineBytes,
  /** For each share, a word that is 1 when somebody has it. */
  claims: 4 * lineBytes,
} as const;

/** Bytes that depend on the width of a word and on the number of slots. */
export interface SchedulerSizes {
  readonly slotBytes: number;
  readonly poolBytes: number;
}

export function schedulerSizes({ word, slots }: { readonly word: number; readonly slots: number }): SchedulerSizes {
  const slotBytes = slotLayout.claims + mostThreads * word;
  return { slotBytes, poolBytes: poolLayout.slots + slots * slotBytes };
}

/**
 * A program in memory: a header of one line; the steps, each of which has a line of what does not change, one of its counter, and one
 * for each thread's share of its tasks; then the steps' operands. Fields are numbered words of their line.
 */
export const headerFields = { threads: 0, stepBytes: 1, scratch: 2, scratchStride: 3 } as const;
export const stepFields = {
  kernel: 0,
  /** Address of the operands' addresses. */
  operands: 1,
  tasks: 2,
  /** Tasks that a thread takes at a time. */
  chunk: 3,
  /** The first step that this one waits for; 0 where it waits for none. */
  group: 4,
} as const;
/** The step's other lines: tasks that have ended, and the threads' shares from there on. */
export const stepLines = { done: lineBytes, shares: 2 * lineBytes } as const;
/** A thread's share of a step's tasks: those handed out, and the range. */
export const shareFields = { next: 0, begin: 1, end: 2 } as const;
