import { setImmediate as nextTurn } from 'node:timers/promises';

const sliceMs = 5;

/** Long work in slices, so that what else the process does need not wait for the end of it. */
export class TimeSlices {
  private began = performance.now();

  /** `next` resolves when the work may go on; by default in the next turn of the event loop. */
  constructor(private readonly next: () => Promise<unknown> = nextTurn) {}

  get isUsedUp(): boolean {
    return performance.now() - this.began >= sliceMs;
  }

  /** Waits for its next turn if the slice is used up. */
  async pause(): Promise<void> {
    if (!this.isUsedUp) return;
    await this.next();
    this.began = performance.now();
  }
}
