import { type ManualClock, manual_clock } from '@llmteam/backend-embedded';
import type { Clock } from '@llmteam/contracts';

/** The time of a play: it stands still until it is moved, and what is due at once happens at once. */
export class StageClock implements Clock {
  private readonly clock: ManualClock;

  constructor(start_ms: number) {
    this.clock = manual_clock(start_ms);
  }

  now(): number {
    return this.clock.now();
  }

  after(delay_ms: number, callback: () => void): ReturnType<Clock['after']> {
    const timer = this.clock.after(delay_ms, callback);
    // Not within this call: who asks has not got its timer yet.
    if (delay_ms <= 0) setImmediate(() => void this.clock.advance(0));
    return timer;
  }

  async move_to(at: number): Promise<void> {
    if (at > this.now()) await this.clock.advance(at - this.now());
  }
}
