/**
 * Purpose: attempts that take long are seen to run. Of a type that does not wait for the outside world only the report is journaled, and it says
 * when the attempt began; that is too late for whoever watches an attempt of minutes.
 * Invariant: an attempt that ends in time costs no entry and no timer of its own.
 */
import type { Clock, Job, Timer } from '@llmteam/contracts';

/** An attempt that still runs then is told. */
const lateMs = 1_000;

export class LateStarts {
  /** Epoch milliseconds by job, oldest first. */
  private readonly untold = new Map<Job, number>();
  private timer: Timer | null = null;

  constructor(
    private readonly clock: Clock,
    private readonly tell: (job: Job, beganAt: number) => void,
  ) {}

  begin(job: Job, beganAt: number): void {
    this.untold.set(job, beganAt);
    if (this.timer === null) this.wait(lateMs);
  }

  end(job: Job): void {
    this.untold.delete(job);
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = null;
    this.untold.clear();
  }

  private wait(ms: number): void {
    this.timer = this.clock.after(ms, () => {
      this.timer = null;
      this.tellLate();
    });
  }

  private tellLate(): void {
    const now = this.clock.now();
    for (const [job, beganAt] of this.untold) {
      const leftMs = beganAt + lateMs - now;
      if (leftMs > 0) return this.wait(leftMs);
      this.untold.delete(job);
      this.tell(job, beganAt);
    }
  }
}
