import type { EventFrame } from './event-frame.js';
import type { ReplayGate } from './replay-gate.js';
import type { RunFollower } from './run-follower.js';

/**
 * The history of a run as one reader is sent it. While the reader is blocked the place at the gate is free for others, and the state of the
 * replay may be forgotten: the history is then read from its beginning when the reader goes on.
 */
export class Replay {
  private frames: AsyncGenerator<EventFrame> | null = null;

  constructor(
    private readonly follower: Pick<RunFollower, 'earlier' | 'key'>,
    private readonly gate: ReplayGate,
  ) {}

  /** Passes on frames from a seq on until `takes` returns false; true if there may be more. */
  async pass(fromSeq: number, takes: (frame: EventFrame) => boolean): Promise<boolean> {
    this.gate.unpark(this);
    const mayBeMore = await this.gate.pass(this.follower.key.tenant_id, () => this.passFrom(fromSeq, takes));
    if (mayBeMore) this.gate.park(this);
    return mayBeMore;
  }

  forget(): void {
    this.gate.unpark(this);
    // The generator waits at a `yield` or has ended: closing it cannot fail.
    void this.frames?.return(undefined);
    this.frames = null;
  }

  private async passFrom(fromSeq: number, takes: (frame: EventFrame) => boolean): Promise<boolean> {
    this.frames ??= this.follower.earlier(fromSeq);
    for (;;) {
      const { value, done } = await this.frames.next();
      if (done === true) return false;
      if (!takes(value)) return true;
    }
  }
}
