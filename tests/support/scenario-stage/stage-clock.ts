import type { Clock } from '@llmteam/contracts';
import { type ManualClock, manualClock } from '@llmteam/testing';

/** The virtual time of a staged run: it stands still until it is advanced, and timers that are already due fire immediately. */
export class StageClock implements Clock {
  private readonly clock: ManualClock;

  constructor(startMs: number) {
    this.clock = manualClock(startMs);
  }

  now(): number {
    return this.clock.now();
  }

  after(delayMs: number, callback: () => void): ReturnType<Clock['after']> {
    const timer = this.clock.after(delayMs, callback);
    // Not synchronously: the caller does not have the timer yet.
    if (delayMs <= 0) setImmediate(() => void this.clock.advance(0));
    return timer;
  }

  async moveTo(at: number): Promise<void> {
    if (at > this.now()) await this.clock.advance(at - this.now());
  }
}
