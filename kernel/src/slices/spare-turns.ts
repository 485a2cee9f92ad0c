/**
 * Purpose: when long work of low urgency may go on: reading histories and lists, and validation, beside jobs, new connections and health checks.
 * Owns: the queue of such work in this process. Pieces of it go on one after another for `pieceMs`; then the event loop turns until it finds
 * nothing else to do, or for `othersMs`.
 * Why the loop turns more than once: libuv accepts one connection per turn, so with work in every turn the last of many new clients would wait
 * for as many pieces as there are clients before it.
 */
import { TimeSlices } from './time-slices.js';

const pieceMs = 5;
const othersMs = 10;
/** A turn that takes longer has done something besides looking for work. */
const quietMs = 0.02;

export class SpareTurns {
  private readonly waiting: (() => void)[] = [];
  private isTurning = false;

  constructor(
    private readonly nextTurn: (work: () => void) => void = setImmediate,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Resolves when the caller may work for a few milliseconds. Its piece ends where it waits for something else than promises. */
  next(): Promise<void> {
    return new Promise((begin) => {
      this.waiting.push(begin);
      this.start();
    });
  }

  /** The same for the last piece of work that holds what it has found in memory: it goes before all others. */
  last(): Promise<void> {
    return new Promise((begin) => {
      this.waiting.unshift(begin);
      this.start();
    });
  }

  private start(): void {
    if (this.isTurning) return;
    this.isTurning = true;
    this.leaveToOthers(this.now());
  }

  private leaveToOthers(since: number): void {
    const left = this.now();
    this.nextTurn(() => {
      const isQuiet = this.now() - left < quietMs;
      if (isQuiet || left - since >= othersMs) this.goOn(this.now());
      else this.leaveToOthers(since);
    });
  }

  private goOn(since: number): void {
    if (this.now() - since >= pieceMs) {
      this.nextTurn(() => this.leaveToOthers(this.now()));
      return;
    }
    const begin = this.waiting.shift();
    this.isTurning = begin !== undefined;
    if (begin !== undefined) afterPromises(begin, () => this.goOn(since));
  }
}

/** Calls the second function when all promises that follow from the first have been served. */
function afterPromises(begin: () => void, then: () => void): void {
  begin();
  queueMicrotask(() => process.nextTick(then));
}

/** Those of this process: there is one event loop. */
export const spareTurns = new SpareTurns();

/** Slices of work that can wait. */
export function spareSlices(): TimeSlices {
  return new TimeSlices(() => spareTurns.next());
}
