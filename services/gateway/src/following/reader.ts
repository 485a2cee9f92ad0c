/**
 * Purpose: one client that follows a run.
 * Owns: its place in the list of events, and the patience with it. It is given as much as it takes: what it has not taken stays with the
 * follower, so a slow reader costs a little buffer, not a copy of everything.
 * Invariants:
 *   R1 Every seq from `from_seq` on is sent once, in order.
 *   R2 A reader that takes nothing for `slow_reader_ms`, or falls behind by `slow_reader_bytes` of live events, is cut off. It may come again.
 */
import type { Clock, Timer } from '@llmteam/contracts';
import type { GatewayLimits } from '../limits.js';
import type { EventFrame } from './event-frame.js';
import type { FollowedRun } from './followers.js';
import type { ReplayGate } from './replay-gate.js';
import type { FollowerListener } from './run-follower.js';

export type CloseReason = 'ended' | 'slow' | 'stopping' | 'revoked' | 'lost' | 'gone';

/** Where a reader's frames go: an SSE response or a WebSocket. */
export interface Outlet {
  send(frame: Omit<EventFrame, 'seq'>): void;
  /** Bytes that the client has not taken. */
  buffered(): number;
  /** False: the client does not answer. */
  heartbeat(): boolean;
  close(reason: CloseReason): void;
}

export interface ReaderOptions {
  readonly from_seq: number;
  readonly limits: GatewayLimits;
  readonly clock: Clock;
  readonly gate: ReplayGate;
  readonly on_close: (reason: CloseReason) => void;
}

/** The client has so much waiting: it is given no more. */
const pause_bytes = 64 * 1024;

export class Reader implements FollowerListener {
  private next_seq: number;
  private is_closed = false;
  private is_replaying = false;
  private blocked: { readonly timer: Timer; waiting_bytes: number } | null = null;
  private unblocked: (() => void) | null = null;

  constructor(
    private readonly run: FollowedRun,
    private readonly outlet: Outlet,
    private readonly options: ReaderOptions,
  ) {
    this.next_seq = options.from_seq;
    run.follower.listeners.add(this);
  }

  /** Sends what there is. */
  wake(news_bytes = 0): void {
    if (this.is_closed || this.is_replaying) return;
    if (this.blocked !== null) {
      this.blocked.waiting_bytes += news_bytes;
      if (this.blocked.waiting_bytes > this.options.limits.slow_reader_bytes) this.close('slow');
      return;
    }
    const { follower } = this.run;
    while (!this.is_closed && this.blocked === null) {
      const frame = follower.frame(this.next_seq);
      if (frame === 'earlier') {
        void this.replay().catch(() => this.close('lost'));
        return;
      }
      if (frame === null) {
        if (follower.has_ended) this.close('ended');
        return;
      }
      this.send(frame);
    }
  }

  token(frame: Omit<EventFrame, 'seq'>): void {
    const is_live = !this.is_closed && !this.is_replaying && this.blocked === null;
    if (is_live) this.outlet.send(frame);
  }

  lost(): void {
    this.close('lost');
  }

  /** The client has taken what was waiting for it. */
  drained(): void {
    if (this.blocked === null) return;
    this.blocked.timer.cancel();
    this.blocked = null;
    this.unblocked?.();
    this.wake();
  }

  heartbeat(): void {
    if (!this.is_closed && this.blocked === null && !this.outlet.heartbeat()) this.close('slow');
  }

  close(reason: CloseReason): void {
    if (this.is_closed) return;
    this.is_closed = true;
    this.blocked?.timer.cancel();
    this.unblocked?.();
    this.run.follower.listeners.delete(this);
    this.run.release();
    this.outlet.close(reason);
    this.options.on_close(reason);
  }

  private send(frame: EventFrame): void {
    this.next_seq = frame.seq + 1;
    this.outlet.send(frame);
    if (this.outlet.buffered() > pause_bytes) this.block();
  }

  private async replay(): Promise<void> {
    this.is_replaying = true;
    const frames = this.run.follower.earlier(this.next_seq);
    try {
      while (await this.options.gate.pass(() => this.take_from(frames))) {
        await new Promise<void>((resolve) => {
          this.unblocked = resolve;
        });
      }
    } finally {
      await frames.return(undefined);
    }
    this.is_replaying = false;
    this.wake();
  }

  /** Sends as much as the client takes; true: there may be more. Nobody holds the gate while a client makes up its mind. */
  private async take_from(frames: AsyncGenerator<EventFrame>): Promise<boolean> {
    while (!this.is_closed) {
      const { value, done } = await frames.next();
      if (done === true) return false;
      this.send(value);
      if (this.blocked !== null) return true;
    }
    return false;
  }

  private block(): void {
    this.blocked = { timer: this.watch(this.outlet.buffered()), waiting_bytes: 0 };
  }

  private watch(buffered: number): Timer {
    const { clock, limits } = this.options;
    return clock.after(limits.slow_reader_ms, () => {
      const left = this.outlet.buffered();
      if (left >= buffered) this.close('slow');
      else if (this.blocked !== null) {
        this.blocked = { timer: this.watch(left), waiting_bytes: this.blocked.waiting_bytes };
      }
    });
  }
}
