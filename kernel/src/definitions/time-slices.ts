import { setImmediate as nextTurn } from 'node:timers/promises';

const sliceMs = 5;

/** Long work in slices: several histories may be read at once, and what else the process does must not wait for them. */
export class TimeSlices {
  private began = performance.now();

  /** Lets the event loop turn if the slice is used up. */
  async pause(): Promise<void> {
    if (performance.now() - this.began < sliceMs) return;
    await nextTurn();
    this.began = performance.now();
  }
}
