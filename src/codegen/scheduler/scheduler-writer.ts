import { type Local, RoutineBuilder } from "./routine.ts";
import {
  headerFields,
  lineBytes,
  poolLayout,
  schedulerSizes,
  shareFields,
  slotLayout,
  stepFields,
  stepLines,
  type SchedulerSizes,
} from "./scheduler-layout.ts";

/** What differs between the machines that the scheduler runs on. */
export interface SchedulerOptions {
  /** Bytes of a word. */
  readonly word: 4 | 8;
  /** Runs that can use workers at the same time; further ones run on their caller's thread alone. */
  readonly slots: number;
  /** Rounds of looking before a thread that needs another's tasks sleeps. */
  readonly spinRounds: number;
  /** Rounds of looking for the next run before a worker sleeps until it is woken. */
  readonly idleRounds: number;
  /** Kernels may trap, which must not leave others waiting; and the host's thread may be one that must not sleep. */
  readonly isHosted: boolean;
}

/** A run's parameters. */
interface Run {
  readonly program: Local;
  readonly first: Local;
  readonly end: Local;
  readonly lastGroup: Local;
  readonly mayWait: Local | 0 | 1;
}

/** Writes the scheduler's parts into a routine. */
export class SchedulerWriter extends RoutineBuilder {
  readonly sizes: SchedulerSizes;
  readonly #options: SchedulerOptions;

  constructor(name: string, options: SchedulerOptions) {
    super(name);
    this.#options = options;
    this.sizes = schedulerSizes(options);
  }

  /** Byte offset of a numbered word of a line. */
  word(field: number): number {
    return field * this.#options.word;
  }

  header(program: Local, field: keyof typeof headerFields): Local {
    const value = this.local(field);
    this.load(value, program, this.word(headerFields[field]));
    return value;
  }

  /** All steps one after the other. */
  runAlone({ program, first, end }: Pick<Run, "program" | "first" | "end">): void {
    const stepBytes = this.header(program, "stepBytes");
    const scratch = this.header(program, "scratch");
    const step = this.local("step");
    this.set(step, first);
    this.while(step, "less", end, () => {
      this.#callAll(step, scratch);
      this.add(step, step, stepBytes);
    });
  }

  #callAll(step: Local, scratch: Local): Local {
    const [kernel, operands, tasks] = (["kernel", "operands", "tasks"] as const).map((field) => this.#field(step, field));
    this.call(kernel, operands, 0, tasks, scratch);
    return tasks;
  }

  #field(step: Local, field: keyof typeof stepFields): Local {
    const value = this.local(field);
    this.load(value, step, this.word(stepFields[field]));
    return value;
  }

  /** Walks the steps, taking tasks. `share` is this thread's, the caller's 0. */
  takeSteps(pool: Local, { program, first, end, mayWait }: Omit<Run, "lastGroup">, share: Local, isCaller: boolean): void {
    const threads = this.header(program, "threads");
    const stepBytes = this.header(program, "stepBytes");
    const scratch = this.header(program, "scratchStride");
    this.multiply(scratch, scratch, share);
    const base = this.header(program, "scratch");
    this.add(scratch, scratch, base);
    const ownShare = this.local("ownShare");
    this.multiply(ownShare, share, lineBytes);
    const sharesEnd = this.local("sharesEnd");
    this.multiply(sharesEnd, threads, lineBytes);
    const step = this.local("step");
    this.set(step, first);
    this.while(step, "less", end, () => {
      // Also before a step of one task that this thread leaves alone: the steps behind it rely on the same wait.
      this.#awaitGroup(pool, step, first, stepBytes, mayWait);
      const tasks = this.#field(step, "tasks");
      this.if(
        tasks,
        "greater",
        1,
        () => this.#takeTasks(step, ownShare, sharesEnd, scratch),
        () => {
          if (isCaller) this.storeRelease(step, stepLines.done, this.#callAll(step, scratch));
        },
      );
      this.add(step, step, stepBytes);
    });
  }

  /** Chunks of the step's shares, from this thread's own on, as long as there are some. */
  #takeTasks(step: Local, ownShare: Local, sharesEnd: Local, scratch: Local): void {
    const [kernel, operands, size] = (["kernel", "operands", "chunk"] as const).map((field) => this.#field(step, field));
    const [offset, completed, line, begin, end, shareEnd, before] = [
      "offset",
      "completed",
      "line",
      "begin",
      "chunkEnd",
      "shareEnd",
      "before",
    ].map((name) => this.local(name));
    this.set(completed, 0);
    this.set(offset, ownShare);
    this.loop((shares) => {
      this.add(line, step, offset);
      this.load(shareEnd, line, stepLines.shares + this.word(shareFields.end));
      this.loop((chunks) => {
        // A look first: an atomic operation would take the line away from its owner.
        this.load(begin, line, stepLines.shares + this.word(shareFields.next));
        this.if(begin, "greaterOrEqual", shareEnd, () => this.leave(chunks));
        this.addAtomic(begin, line, stepLines.shares + this.word(shareFields.next), size);
        this.if(begin, "greaterOrEqual", shareEnd, () => this.leave(chunks));
        this.add(end, begin, size);
        this.if(end, "greater", shareEnd, () => this.set(end, shareEnd));
        this.call(kernel, operands, begin, end, scratch);
        this.add(completed, completed, end);
        this.subtract(completed, completed, begin);
      });
      this.add(offset, offset, lineBytes);
      this.if(offset, "greaterOrEqual", sharesEnd, () => this.set(offset, 0));
      this.if(offset, "equal", ownShare, () => this.leave(shares));
    });
    this.if(completed, "greater", 0, () => this.addAtomic(before, step, stepLines.done, completed));
  }

  /** Waits until the steps from a step's group up to the step are complete. Those before the run's first step are. */
  #awaitGroup(pool: Local, step: Local, first: Local, stepBytes: Local, mayWait: Local | 0 | 1): void {
    const group = this.#field(step, "group");
    this.if(group, "greater", 0, () => {
      // A run of some steps alone relies on the runs before for the others.
      this.if(group, "less", first, () => this.set(group, first));
      this.awaitSteps(pool, group, step, stepBytes, mayWait);
    });
  }

  /** Waits until the steps from `step`, which moves on, to `end` are complete. */
  awaitSteps(pool: Local, step: Local, end: Local, stepBytes: Local, mayWait: Local | 0 | 1): void {
    this.while(step, "less", end, () => {
      const tasks = this.#field(step, "tasks");
      this.awaitWord(pool, step, stepLines.done, tasks, mayWait);
      this.add(step, step, stepBytes);
    });
  }

  /** Looks at a word until it is at least so many; sleeps a moment now and then where that takes long and the thread may. */
  awaitWord(pool: Local, base: Local, offset: number, atLeast: Local, mayWait: Local | 0 | 1): void {
    const [value, rounds] = [this.local("value"), this.local("rounds")];
    this.set(rounds, this.#options.spinRounds);
    this.loop((waiting) => {
      this.load(value, base, offset);
      this.if(value, "greaterOrEqual", atLeast, () => this.leave(waiting));
      this.#relax(pool, rounds, mayWait);
    });
  }

  /** Waits until a word is 0. */
  awaitZero(pool: Local, base: Local, offset: number, mayWait: Local | 0 | 1): void {
    const [value, rounds] = [this.local("value"), this.local("rounds")];
    this.set(rounds, this.#options.spinRounds);
    this.loop((waiting) => {
      this.load(value, base, offset);
      this.if(value, "equal", 0, () => this.leave(waiting));
      this.#relax(pool, rounds, mayWait);
    });
  }

  /** One round of waiting: a thread that was interrupted, on this core or another, can go on while this one sleeps. */
  #relax(pool: Local, rounds: Local, mayWait: Local | 0 | 1): void {
    this.trapIfFailed(pool);
    this.pause();
    this.if(
      rounds,
      "greater",
      0,
      () => this.subtract(rounds, rounds, 1),
      () => {
        if (mayWait === 1) this.sleep(pool, poolLayout.zero);
        else if (mayWait !== 0) this.if(mayWait, "greater", 0, () => this.sleep(pool, poolLayout.zero));
      },
    );
  }

  trapIfFailed(pool: Local): void {
    if (!this.#options.isHosted) return;
    const failed = this.local("failed");
    this.load(failed, pool, poolLayout.failed);
    this.if(failed, "notEqual", 0, () => this.trap());
  }

  /** A run with the workers that come. */
  run(pool: Local, run: Run): void {
    const { program, first, end, lastGroup, mayWait } = run;
    const threads = this.header(program, "threads");
    const stepBytes = this.header(program, "stepBytes");
    const [slot, slotsEnd, busy, before] = ["slot", "slotsEnd", "busy", "before"].map((name) => this.local(name));
    this.add(slot, pool, poolLayout.slots);
    this.add(slotsEnd, pool, this.sizes.poolBytes);
    this.loop((search) => {
      this.load(busy, slot, slotLayout.busy);
      this.if(busy, "equal", 0, () => {
        this.compareExchange(busy, slot, slotLayout.busy, 0, 1);
        this.if(busy, "equal", 0, () => this.leave(search));
      });
      this.add(slot, slot, this.sizes.slotBytes);
      this.if(slot, "greaterOrEqual", slotsEnd, () => this.leave(search));
    });
    this.if(
      slot,
      "greaterOrEqual",
      slotsEnd,
      () => this.runAlone(run),
      () => {
        this.#reset(first, end, threads, stepBytes);
        this.#open(pool, slot, run, threads);
        const share = this.local("share");
        this.set(share, 0);
        this.takeSteps(pool, run, share, true);
        this.awaitSteps(pool, lastGroup, end, stepBytes, mayWait);
        this.addAtomic(before, slot, slotLayout.generation, 1);
        this.awaitZero(pool, slot, slotLayout.active, mayWait);
        this.storeRelease(slot, slotLayout.busy, 0);
      },
    );
  }

  /** Gives all shares of the steps back. */
  #reset(first: Local, end: Local, threads: Local, stepBytes: Local): void {
    const [step, line, left, begin] = ["step", "line", "left", "begin"].map((name) => this.local(name));
    this.set(step, first);
    this.while(step, "less", end, () => {
      this.store(step, stepLines.done, 0);
      this.set(line, step);
      this.set(left, threads);
      this.while(left, "greater", 0, () => {
        this.load(begin, line, stepLines.shares + this.word(shareFields.begin));
        this.store(line, stepLines.shares + this.word(shareFields.next), begin);
        this.add(line, line, lineBytes);
        this.subtract(left, left, 1);
      });
      this.add(step, step, stepBytes);
    });
  }

  /** Lets workers in, and wakes as many as are wanted and not awake. */
  #open(pool: Local, slot: Local, { program, first, end }: Run, threads: Local): void {
    const { word } = this.#options;
    for (const [i, value] of [program, first, end].entries()) this.store(slot, slotLayout.run + i * word, value);
    const [claim, left, before] = ["claim", "left", "before"].map((name) => this.local(name));
    this.set(claim, slot);
    this.set(left, threads);
    this.while(left, "greater", 0, () => {
      this.store(claim, slotLayout.claims, 0);
      this.add(claim, claim, word);
      this.subtract(left, left, 1);
    });
    this.addAtomic(before, slot, slotLayout.generation, 1);
    this.announce(pool, () => {
      const idle = this.local("idle");
      this.load(idle, pool, poolLayout.idle);
      const others = this.local("others");
      this.subtract(others, threads, 1);
      this.if(
        idle,
        "less",
        others,
        () => this.subtract(others, others, idle),
        () => this.set(others, 0),
      );
      return others;
    });
  }

  /** Tells the workers that there is something; wakes `count` of those asleep, or all. */
  announce(pool: Local, count: () => Local | undefined): void {
    const [before, sleepers] = [this.local("before"), this.local("sleepers")];
    this.addAtomic(before, pool, poolLayout.epoch, 1);
    const wanted = count();
    const wakeSome = (): void => {
      this.load(sleepers, pool, poolLayout.sleepers);
      // Workers of a host differ in what they may do: all must look.
      this.if(sleepers, "greater", 0, () => this.wake(pool, poolLayout.epoch, this.#options.isHosted ? sleepers : (wanted ?? sleepers)));
    };
    if (wanted) this.if(wanted, "greater", 0, wakeSome);
    else wakeSome();
  }

  /** The parameters of a run that is asked for. */
  request(pool: Local): Run {
    const [program, first, end, lastGroup] = ["program", "first", "end", "lastGroup"].map((name, i) => {
      const value = this.local(name);
      this.load(value, pool, poolLayout.request + i * this.#options.word);
      return value;
    });
    return { program, first, end, lastGroup, mayWait: 1 };
  }

  /** Runs what is asked for. `isJoined` becomes 1 then. */
  doRequest(pool: Local, known: Local, isJoined: Local): void {
    const asked = this.local("asked");
    this.load(asked, pool, poolLayout.asked);
    // In this order: what is asked for needs no libraries but those of which there was news before.
    this.if(asked, "equal", 1, () =>
      this.unlessNews(pool, known, () => {
        this.compareExchange(asked, pool, poolLayout.asked, 1, 2);
        this.if(asked, "equal", 1, () => {
          this.run(pool, this.request(pool));
          this.storeRelease(pool, poolLayout.asked, 0);
          this.tellHost();
          this.set(isJoined, 1);
        });
      }),
    );
  }

  /** What a worker does when something is new: takes part in each run that is open and has a share left. `isJoined` becomes 1 if it did. */
  visitSlots(pool: Local, worker: Local, known: Local, isJoined: Local): void {
    const { slotBytes, poolBytes } = this.sizes;
    const [slot, end, generation, odd, again, before] = ["slot", "slotsEnd", "generation", "odd", "again", "before"].map((name) =>
      this.local(name),
    );
    this.add(slot, pool, poolLayout.slots);
    this.add(end, pool, poolBytes);
    this.while(slot, "less", end, () => {
      this.load(generation, slot, slotLayout.generation);
      this.and(odd, generation, 1);
      this.if(odd, "equal", 1, () => {
        this.addAtomic(before, slot, slotLayout.active, 1);
        this.load(again, slot, slotLayout.generation);
        this.if(again, "equal", generation, () => {
          const run = ["program", "first", "end"].map((name, i) => {
            const value = this.local(name);
            this.load(value, slot, slotLayout.run + i * this.#options.word);
            return value;
          });
          const [program, first, last] = run;
          const part = (): void => this.#takePart(pool, slot, worker, { program, first, end: last, mayWait: 1 }, isJoined);
          // In this order: the libraries of a program that is open here are news already, and it stays open while `active` says so.
          this.unlessNews(pool, known, part);
        });
        this.addAtomic(before, slot, slotLayout.active, -1);
      });
      this.add(slot, slot, slotBytes);
    });
  }

  /** Does something unless there is news, of which the host tells first. */
  unlessNews(pool: Local, known: Local, then: () => void): void {
    if (!this.#options.isHosted) return then();
    const news = this.local("news");
    this.load(news, pool, poolLayout.news);
    this.if(news, "equal", known, then);
  }

  /** Claims a share, this worker's own if it is free, and works. */
  #takePart(pool: Local, slot: Local, worker: Local, run: Omit<Run, "lastGroup">, isJoined: Local): void {
    const threads = this.header(run.program, "threads");
    const [share, tries, claim, offset] = ["share", "tries", "claim", "offset"].map((name) => this.local(name));
    this.set(share, worker);
    this.if(share, "greaterOrEqual", threads, () => this.set(share, 1));
    this.set(tries, 1);
    this.while(tries, "less", threads, (search) => {
      this.multiply(offset, share, this.#options.word);
      this.add(offset, offset, slot);
      this.load(claim, offset, slotLayout.claims);
      this.if(claim, "equal", 0, () => {
        this.compareExchange(claim, offset, slotLayout.claims, 0, 1);
        this.if(claim, "equal", 0, () => {
          this.addAtomic(claim, pool, poolLayout.idle, -1);
          this.takeSteps(pool, run, share, false);
          this.addAtomic(claim, pool, poolLayout.idle, 1);
          this.set(isJoined, 1);
          this.leave(search);
        });
      });
      this.add(share, share, 1);
      this.if(share, "equal", threads, () => this.set(share, 1));
      this.add(tries, tries, 1);
    });
  }
}
