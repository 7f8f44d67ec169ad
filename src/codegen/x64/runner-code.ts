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
 * A step (128 bytes): kernel, operands, tasks, chunk, group (the first step that this one waits for, or 0); on the second
 * cache line next (tasks handed out) and done (tasks completed).
 *
 * Threads walk the steps in order. Of each they take chunks of tasks by an atomic counter until there are no more; a step
 * that needs the earlier ones waits until those have completed all their tasks. So no thread waits for another thread,
 * only for work, and one that wakes late costs nothing. A step with one task belongs to the caller's thread.
 *
 * Sleeping and yielding are system calls of Linux; elsewhere programs run on the calling thread.
 */
export const poolState = { generation: 0, sleepers: 64, active: 128, busy: 192, first: 256, end: 264, stop: 320, bytes: 384 } as const;
export const stepLayout = { kernel: 0, operands: 8, tasks: 16, chunk: 24, group: 32, next: 64, done: 72, bytes: 128 } as const;

const [rbx, rbp, r12, r13, r14, r15] = [3, 5, 12, 13, 14, 15];
const calleeSaved = [rbx, rbp, r12, r13, r14, r15];
const spinRounds = 20_000;
const futexCall = 202;
const yieldCall = 24;
const futexWaitPrivate = 128;
const futexWakePrivate = 129;

const at = (base: number, displacement: number): Memory => ({ base, displacement });

const stateWord = at(rsp, 0);
const spareWord = at(rsp, 8);

class RunnerWriter {
  readonly a = new Assembler();

  enter(): void {
    for (const r of calleeSaved) this.a.op("push", 128, [r]);
    // Two words of frame, and calls find the stack aligned to 16.
    this.a.op("sub.b", 128, [rsp, 24]);
  }
  leave(): void {
    this.a.op("add.b", 128, [rsp, 24]);
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
    a.op("add.i", 128, [rbx, stepLayout.bytes]);
    a.jump(loop);
    a.bind(done);
  }

  /** All steps in [rbx, rbp), shared with the other threads. `caller`: this thread takes the steps of one task. */
  runShared(caller: boolean): void {
    const { a } = this;
    const [step, next, finished, take, single] = [a.label(), a.label(), a.label(), a.label(), a.label()];
    a.bind(step);
    a.op("cmp", 128, [rbx, rbp]);
    a.jumpIf("ae", finished);
    a.op("mov", 128, [r13, at(rbx, stepLayout.tasks)]);
    a.op("cmp.b", 128, [r13, 1]);
    if (caller) a.jumpIf("le", single);
    else a.jumpIf("le", next);
    a.op("cmp", 128, [r13, at(rbx, stepLayout.next)]);
    a.jumpIf("le", next);
    this.#awaitGroup();
    a.bind(take);
    a.op("mov", 128, [r12, at(rbx, stepLayout.chunk)]);
    a.op("mov", 128, [r14, r12]);
    a.op("lock xadd", 128, [at(rbx, stepLayout.next), r12]);
    a.op("cmp", 128, [r12, r13]);
    a.jumpIf("ge", next);
    // r14: end of the chunk, r15: its length.
    a.op("add", 128, [r14, r12]);
    a.op("cmp", 128, [r14, r13]);
    const whole = a.label();
    a.jumpIf("le", whole);
    a.op("mov", 128, [r14, r13]);
    a.bind(whole);
    a.op("mov", 128, [r15, r14]);
    a.op("sub", 128, [r15, r12]);
    this.call(r12, r14);
    a.op("lock xadd", 128, [at(rbx, stepLayout.done), r15]);
    a.jump(take);
    if (caller) {
      a.bind(single);
      this.#awaitGroup();
      a.op("xor", 128, [rsi, rsi]);
      this.call(rsi, r13);
      a.op("mov.store", 128, [at(rbx, stepLayout.done), r13]);
    }
    a.bind(next);
    a.op("add.i", 128, [rbx, stepLayout.bytes]);
    a.jump(step);
    a.bind(finished);
  }

  /** Waits until the steps from rbx's group up to rbx are complete. */
  #awaitGroup(): void {
    const { a } = this;
    const [group, ready] = [a.label(), a.label()];
    a.op("mov", 128, [r14, at(rbx, stepLayout.group)]);
    a.op("test", 128, [r14, r14]);
    a.jumpIf("e", ready);
    a.bind(group);
    a.op("cmp", 128, [r14, rbx]);
    a.jumpIf("ae", ready);
    this.awaitStep(r14);
    a.op("add.i", 128, [r14, stepLayout.bytes]);
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

  /** One round of waiting: spins as long as the register counts down, then gives the processor away. */
  relax(rounds: number, again: Label): void {
    const { a } = this;
    a.op("pause", 128, []);
    a.op("sub.b", 128, [rounds, 1]);
    a.jumpIf("g", again);
    a.op("mov.imm", 128, [rax, yieldCall]);
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
export function emitRunAlone(): Uint8Array {
  const w = new RunnerWriter();
  w.enter();
  w.a.op("mov", 128, [rbx, rsi]);
  w.a.op("mov", 128, [rbp, rdx]);
  w.runAlone();
  w.leave();
  return w.a.finish();
}

/** The same with the pool's workers. `lastGroup`: the step from which on completion is not yet known at the end. */
export function emitRunShared(): Uint8Array {
  const w = new RunnerWriter();
  const { a } = w;
  const [alone, done, reset, open, last, complete, leaving, left] = Array.from({ length: 8 }, () => a.label());
  w.enter();
  a.op("mov.store", 128, [stateWord, rdi]);
  a.op("mov.store", 128, [spareWord, rcx]);
  a.op("mov", 128, [rbx, rsi]);
  a.op("mov", 128, [rbp, rdx]);
  a.op("xor", 128, [rax, rax]);
  a.op("mov.imm", 128, [rcx, 1]);
  a.op("lock cmpxchg", 128, [at(rdi, poolState.busy), rcx]);
  a.jumpIf("ne", alone);

  a.op("xor", 128, [rax, rax]);
  a.bind(reset);
  a.op("cmp", 128, [rsi, rdx]);
  a.jumpIf("ae", open);
  a.op("mov.store", 128, [at(rsi, stepLayout.next), rax]);
  a.op("mov.store", 128, [at(rsi, stepLayout.done), rax]);
  a.op("add.i", 128, [rsi, stepLayout.bytes]);
  a.jump(reset);
  a.bind(open);
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
  a.op("add.i", 128, [rbx, stepLayout.bytes]);
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
export function emitWorker(): Uint8Array {
  const w = new RunnerWriter();
  const { a } = w;
  const [idle, spin, join, late, exit] = Array.from({ length: 5 }, () => a.label());
  w.enter();
  a.op("mov.store", 128, [stateWord, rdi]);
  a.op("mov.imm", 128, [spareWord, 0]);
  a.bind(idle);
  a.op("mov", 128, [r13, stateWord]);
  a.op("mov.imm", 128, [r12, spinRounds]);
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
  const w = new RunnerWriter();
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
