import { Assembler, type Label, type Memory } from "./assembler.ts";
import { rax, rcx, rdi, rdx, rsi, rsp } from "./general-registers.ts";

/**
 * Runs a program's steps on a pool of threads, as emitted code: one call from JavaScript runs all.
 *
 * The pool's state, each word on a cache line of its own:
 *     generation   counts up when a run opens and again when it closes, so it is odd during a run; workers sleep on it
 *     sleepers     workers asleep
 *     active       workers inside the run
 *     busy         1 while a run owns the workers; another run at the same time goes alone
 *     first, end   the run's steps
 *     stop         workers leave
 *     started      workers that have taken a number
 * A step: kernel, operands, tasks, chunk, group (the first step that this one waits for, or 0); on the next cache line
 * done (tasks completed); then a line for each thread with its share of the tasks: next (handed out), begin, end.
 *
 * Threads walk the steps in order. Each takes chunks of its own share, so that neighbouring steps find their data in the
 * same core's cache, and when that is empty of the others'. A step that needs the earlier ones waits until those have
 * completed all their tasks. So no thread waits for another thread, only for work, and one that wakes late costs nothing.
 * A step with one task belongs to the caller's thread.
 *
 * Sleeping and yielding are system calls of Linux; elsewhere programs run on the calling thread.
 */
export const poolState = {
  generation: 0,
  sleepers: 64,
  active: 128,
  busy: 192,
  first: 256,
  end: 264,
  stop: 320,
  started: 384,
  bytes: 448,
} as const;
export const stepLayout = { kernel: 0, operands: 8, tasks: 16, chunk: 24, group: 32, done: 64, shares: 128 } as const;
export const shareLayout = { next: 0, begin: 8, end: 16, bytes: 64 } as const;
/** Bytes of a step. */
export const stepBytes = (threads: number): number => stepLayout.shares + threads * shareLayout.bytes;

const [rbx, rbp, r12, r13, r14, r15] = [3, 5, 12, 13, 14, 15];
const calleeSaved = [rbx, rbp, r12, r13, r14, r15];
/** Rounds of looking before a thread that needs another's tasks sleeps: 40 to 100 microseconds. */
const spinRounds = 2_000;
/** Rounds of looking for the next run before a worker sleeps until it is woken. */
const idleRounds = 20_000;
/** How long a thread that waits for tasks sleeps at a time; the system adds its slack of some 50 microseconds. */
const sleepNanoseconds = 1000;
const futexCall = 202;
const sleepCall = 35;
const futexWaitPrivate = 128;
const futexWakePrivate = 129;

const at = (base: number, displacement: number): Memory => ({ base, displacement });

/** The frame: the pool's state, a word of the function's own, the offset of this thread's share, tasks completed in a step, the run's first step, a timespec. */
const stateWord = at(rsp, 0);
const spareWord = at(rsp, 8);
const shareWord = at(rsp, 16);
const completedWord = at(rsp, 24);
const firstWord = at(rsp, 32);
const sleepSecondsWord = at(rsp, 40);
const sleepNanosecondsWord = at(rsp, 48);
const frameBytes = 56;

class RunnerWriter {
  readonly a = new Assembler();
  readonly #threads: number;

  constructor(threads: number) {
    this.#threads = threads;
  }

  enter(): void {
    for (const r of calleeSaved) this.a.op("push", 128, [r]);
    // Calls find the stack aligned to 16.
    this.a.op("sub.b", 128, [rsp, frameBytes]);
    this.a.op("mov.imm", 128, [sleepSecondsWord, 0]);
    this.a.op("mov.imm", 128, [sleepNanosecondsWord, sleepNanoseconds]);
  }
  leave(): void {
    this.a.op("add.b", 128, [rsp, frameBytes]);
    for (const r of calleeSaved.toReversed()) this.a.op("pop", 128, [r]);
    this.a.op("ret", 128, []);
  }

  call(first: number, end: number | Memory): void {
    this.a.op("mov", 128, [rdi, at(rbx, stepLayout.operands)]);
    this.a.op("mov", 128, [rsi, first]);
    this.a.op("mov", 128, [rdx, end]);
    this.a.op("call", 128, [at(rbx, stepLayout.kernel)]);
  }

  /** All steps in [rbx, rbp) on this thread. */
  runAlone(): void {
    const { a } = this;
    const [loop, done] = [a.label(), a.label()];
    a.bind(loop);
    a.op("cmp", 128, [rbx, rbp]);
    a.jumpIf("ae", done);
    a.op("xor", 128, [rsi, rsi]);
    this.call(rsi, at(rbx, stepLayout.tasks));
    this.nextStep(rbx);
    a.jump(loop);
    a.bind(done);
  }

  nextStep(step: number): void {
    this.a.op("add.i", 128, [step, stepBytes(this.#threads)]);
  }

  /** All steps in [rbx, rbp), shared with the other threads. `caller`: this thread takes the steps of one task. */
  runShared(caller: boolean): void {
    const { a } = this;
    const [step, next, finished, single] = [a.label(), a.label(), a.label(), a.label()];
    a.bind(step);
    a.op("cmp", 128, [rbx, rbp]);
    a.jumpIf("ae", finished);
    // Also before a step of one task that this thread leaves alone: the steps behind it rely on the same wait.
    this.#awaitGroup();
    a.op("cmp.b", 128, [at(rbx, stepLayout.tasks), 1]);
    a.jumpIf("le", caller ? single : next);
    this.#takeTasks();
    if (caller) {
      a.jump(next);
      a.bind(single);
      a.op("xor", 128, [rsi, rsi]);
      this.call(rsi, at(rbx, stepLayout.tasks));
      a.op("mov", 128, [rax, at(rbx, stepLayout.tasks)]);
      a.op("mov.store", 128, [at(rbx, stepLayout.done), rax]);
    }
    a.bind(next);
    this.nextStep(rbx);
    a.jump(step);
    a.bind(finished);
  }

  /** Chunks of the step's shares, from this thread's own on, as long as there are some. */
  #takeTasks(): void {
    const { a } = this;
    const [share, take, whole, nextShare, wrapped, nothing] = Array.from({ length: 6 }, () => a.label());
    const chunkBegin = r12;
    const offset = r13;
    const line = r14;
    const chunkEnd = r15;
    a.op("mov.imm", 128, [completedWord, 0]);
    a.op("mov", 128, [offset, shareWord]);
    a.bind(share);
    a.op("lea", 128, [line, { base: rbx, index: offset, displacement: stepLayout.shares }]);
    a.bind(take);
    // A look first: an atomic operation would take the line away from its owner.
    a.op("mov", 128, [rax, at(line, shareLayout.next)]);
    a.op("cmp", 128, [rax, at(line, shareLayout.end)]);
    a.jumpIf("ge", nextShare);
    a.op("mov", 128, [chunkBegin, at(rbx, stepLayout.chunk)]);
    a.op("mov", 128, [chunkEnd, chunkBegin]);
    a.op("lock xadd", 128, [at(line, shareLayout.next), chunkBegin]);
    a.op("cmp", 128, [chunkBegin, at(line, shareLayout.end)]);
    a.jumpIf("ge", nextShare);
    a.op("add", 128, [chunkEnd, chunkBegin]);
    a.op("cmp", 128, [chunkEnd, at(line, shareLayout.end)]);
    a.jumpIf("le", whole);
    a.op("mov", 128, [chunkEnd, at(line, shareLayout.end)]);
    a.bind(whole);
    this.call(chunkBegin, chunkEnd);
    a.op("sub", 128, [chunkEnd, chunkBegin]);
    a.op("add.mr", 128, [completedWord, chunkEnd]);
    a.jump(take);
    a.bind(nextShare);
    a.op("add.b", 128, [offset, shareLayout.bytes]);
    a.op("cmp.i", 128, [offset, this.#threads * shareLayout.bytes]);
    a.jumpIf("l", wrapped);
    a.op("xor", 128, [offset, offset]);
    a.bind(wrapped);
    a.op("cmp", 128, [offset, shareWord]);
    a.jumpIf("ne", share);
    a.op("mov", 128, [rax, completedWord]);
    a.op("test", 128, [rax, rax]);
    a.jumpIf("e", nothing);
    a.op("lock xadd", 128, [at(rbx, stepLayout.done), rax]);
    a.bind(nothing);
  }

  /** Gives all shares of the steps in [rsi, rdx) back; rax and rcx are lost. */
  reset(): void {
    const { a } = this;
    const [loop, next, done] = [a.label(), a.label(), a.label()];
    a.bind(loop);
    a.op("cmp", 128, [rsi, rdx]);
    a.jumpIf("ae", done);
    a.op("mov.imm", 128, [at(rsi, stepLayout.done), 0]);
    a.op("cmp.b", 128, [at(rsi, stepLayout.tasks), 1]);
    a.jumpIf("le", next);
    for (let i = 0; i < this.#threads; i++) {
      const line = stepLayout.shares + i * shareLayout.bytes;
      a.op("mov", 128, [rax, at(rsi, line + shareLayout.begin)]);
      a.op("mov.store", 128, [at(rsi, line + shareLayout.next), rax]);
    }
    a.bind(next);
    this.nextStep(rsi);
    a.jump(loop);
    a.bind(done);
  }

  /** Waits until the steps from rbx's group up to rbx are complete. */
  #awaitGroup(): void {
    const { a } = this;
    const [group, ready] = [a.label(), a.label()];
    a.op("mov", 128, [r14, at(rbx, stepLayout.group)]);
    a.op("test", 128, [r14, r14]);
    a.jumpIf("e", ready);
    // A run of some steps alone relies on the runs before for the others.
    a.op("cmp", 128, [r14, firstWord]);
    a.jumpIf("ae", group);
    a.op("mov", 128, [r14, firstWord]);
    a.bind(group);
    a.op("cmp", 128, [r14, rbx]);
    a.jumpIf("ae", ready);
    this.awaitStep(r14);
    this.nextStep(r14);
    a.jump(group);
    a.bind(ready);
  }

  /** Waits until all tasks of the step at a register are done. */
  awaitStep(step: number): void {
    const { a } = this;
    const ready = a.label();
    const waiting = a.label();
    a.op("mov", 128, [r15, at(step, stepLayout.tasks)]);
    a.op("mov.imm", 128, [r12, spinRounds]);
    a.bind(waiting);
    a.op("cmp", 128, [r15, at(step, stepLayout.done)]);
    a.jumpIf("le", ready);
    this.relax(r12, waiting);
    a.bind(ready);
  }

  /**
   * One round of waiting: spins as long as the register counts down, then sleeps a moment, so that a thread that was
   * interrupted on this core or another can go on here. rax, rcx, rdi, rsi and r11 are lost.
   */
  relax(rounds: number, again: Label): void {
    const { a } = this;
    a.op("pause", 128, []);
    a.op("sub.b", 128, [rounds, 1]);
    a.jumpIf("g", again);
    a.op("lea", 128, [rdi, sleepSecondsWord]);
    a.op("xor", 128, [rsi, rsi]);
    a.op("mov.imm", 128, [rax, sleepCall]);
    a.op("syscall", 128, []);
    a.op("mov.imm", 128, [rounds, 1]);
    a.jump(again);
  }

  /** Sleeps as long as the generation is the one in a register. */
  sleep(state: number, generation: number): void {
    const { a } = this;
    a.op("lock inc", 128, [at(state, poolState.sleepers)]);
    a.op("lea", 128, [rdi, at(state, poolState.generation)]);
    a.op("mov.imm", 128, [rsi, futexWaitPrivate]);
    a.op("mov", 128, [rdx, generation]);
    a.op("xor", 128, [10, 10]);
    a.op("mov.imm", 128, [rax, futexCall]);
    a.op("syscall", 128, []);
    a.op("lock dec", 128, [at(state, poolState.sleepers)]);
  }

  wake(state: number): void {
    const { a } = this;
    const nobody = a.label();
    a.op("cmp.b", 128, [at(state, poolState.sleepers), 0]);
    a.jumpIf("e", nobody);
    a.op("lea", 128, [rdi, at(state, poolState.generation)]);
    a.op("mov.imm", 128, [rsi, futexWakePrivate]);
    a.op("mov.imm", 128, [rdx, 0x7fffffff]);
    a.op("mov.imm", 128, [rax, futexCall]);
    a.op("syscall", 128, []);
    a.bind(nobody);
  }
}

/** `void run(state, first, end, lastGroup)`: the steps [first, end) on the calling thread; the rest is not used. */
export function emitRunAlone(threads: number): Uint8Array {
  const w = new RunnerWriter(threads);
  w.enter();
  w.a.op("mov", 128, [rbx, rsi]);
  w.a.op("mov", 128, [rbp, rdx]);
  w.runAlone();
  w.leave();
  return w.a.finish();
}

/** The same with the pool's workers. `lastGroup`: the step from which on completion is not yet known at the end. */
export function emitRunShared(threads: number): Uint8Array {
  const w = new RunnerWriter(threads);
  const { a } = w;
  const [alone, done, last, complete, leaving, left] = Array.from({ length: 6 }, () => a.label());
  w.enter();
  a.op("mov.store", 128, [stateWord, rdi]);
  a.op("mov.store", 128, [spareWord, rcx]);
  a.op("mov.imm", 128, [shareWord, 0]);
  a.op("mov.store", 128, [firstWord, rsi]);
  a.op("mov", 128, [rbx, rsi]);
  a.op("mov", 128, [rbp, rdx]);
  a.op("xor", 128, [rax, rax]);
  a.op("mov.imm", 128, [rcx, 1]);
  a.op("lock cmpxchg", 128, [at(rdi, poolState.busy), rcx]);
  a.jumpIf("ne", alone);

  w.reset();
  a.op("mov.store", 128, [at(rdi, poolState.first), rbx]);
  a.op("mov.store", 128, [at(rdi, poolState.end), rbp]);
  a.op("mov", 128, [r13, rdi]);
  a.op("lock inc", 128, [at(r13, poolState.generation)]);
  w.wake(r13);
  w.runShared(true);

  a.op("mov", 128, [rbx, spareWord]);
  a.bind(last);
  a.op("cmp", 128, [rbx, rbp]);
  a.jumpIf("ae", complete);
  w.awaitStep(rbx);
  w.nextStep(rbx);
  a.jump(last);
  a.bind(complete);
  // Nobody may look at the steps any more when this returns: they may be run again or freed.
  a.op("mov", 128, [r13, stateWord]);
  a.op("lock inc", 128, [at(r13, poolState.generation)]);
  a.op("mov.imm", 128, [r12, spinRounds]);
  a.bind(leaving);
  a.op("cmp.b", 128, [at(r13, poolState.active), 0]);
  a.jumpIf("e", left);
  w.relax(r12, leaving);
  a.bind(left);
  a.op("mov.imm", 128, [at(r13, poolState.busy), 0]);
  a.jump(done);

  a.bind(alone);
  w.runAlone();
  a.bind(done);
  w.leave();
  return a.finish();
}

/** `void* worker(state)`: a thread of the pool, until `stop`. */
export function emitWorker(threads: number): Uint8Array {
  const w = new RunnerWriter(threads);
  const { a } = w;
  const [idle, spin, join, late, exit] = Array.from({ length: 5 }, () => a.label());
  w.enter();
  a.op("mov.store", 128, [stateWord, rdi]);
  a.op("mov.imm", 128, [spareWord, 0]);
  // Workers are numbered from 1, as they come; the caller has the first share.
  a.op("mov.imm", 128, [rax, 1]);
  a.op("lock xadd", 128, [at(rdi, poolState.started), rax]);
  a.op("add.b", 128, [rax, 1]);
  a.op("shl", 128, [rax, Math.log2(shareLayout.bytes)]);
  a.op("mov.store", 128, [shareWord, rax]);
  a.bind(idle);
  a.op("mov", 128, [r13, stateWord]);
  a.op("mov.imm", 128, [r12, idleRounds]);
  a.bind(spin);
  const wait = a.label();
  a.op("cmp.b", 128, [at(r13, poolState.stop), 0]);
  a.jumpIf("ne", exit);
  a.op("mov", 128, [r15, at(r13, poolState.generation)]);
  a.op("cmp", 128, [r15, spareWord]);
  a.jumpIf("e", wait);
  a.op("mov", 128, [rax, r15]);
  a.op("and.b", 128, [rax, 1]);
  a.jumpIf("ne", join);
  a.bind(wait);
  a.op("pause", 128, []);
  a.op("sub.b", 128, [r12, 1]);
  a.jumpIf("g", spin);
  w.sleep(r13, r15);
  a.jump(idle);

  a.bind(join);
  a.op("lock inc", 128, [at(r13, poolState.active)]);
  a.op("cmp", 128, [r15, at(r13, poolState.generation)]);
  a.jumpIf("ne", late);
  a.op("mov.store", 128, [spareWord, r15]);
  a.op("mov", 128, [rbx, at(r13, poolState.first)]);
  a.op("mov.store", 128, [firstWord, rbx]);
  a.op("mov", 128, [rbp, at(r13, poolState.end)]);
  w.runShared(false);
  a.op("mov", 128, [r13, stateWord]);
  a.bind(late);
  a.op("lock dec", 128, [at(r13, poolState.active)]);
  a.jump(idle);

  a.bind(exit);
  a.op("xor", 128, [rax, rax]);
  w.leave();
  return a.finish();
}

/** `void stop(state)`: lets the workers end. */
export function emitStop(): Uint8Array {
  const w = new RunnerWriter(1);
  const { a } = w;
  w.enter();
  a.op("mov", 128, [r13, rdi]);
  a.op("mov.imm", 128, [at(r13, poolState.stop), 1]);
  // By two at once: an odd generation would be a run.
  a.op("mov.imm", 128, [rax, 2]);
  a.op("lock xadd", 128, [at(r13, poolState.generation), rax]);
  w.wake(r13);
  w.leave();
  return a.finish();
}
