/**
 * Purpose: one client that follows a run.
 * Owns: its position in the event list, and backpressure. Events the client is not ready for stay with the follower, so a slow reader costs
 * a small buffer rather than a copy of everything.
 * Invariants:
 *   R1 Every seq from `fromSeq` on is sent once, in order.
 *   R2 A reader that reads nothing for `slow_reader_ms`, or falls behind by `slow_reader_bytes` of live events, is cut off. It may reconnect.
 */
import type { Clock, Timer } from '@llmteam/contracts';
import type { GatewayLimits } from '../limits/gateway-limits.js';
import type { EventFrame } from './event-frame.js';
import type { FollowedRun } from './followers.js';
import type { ReplayGate } from './replay-gate.js';
import type { FollowerListener } from './run-follower.js';

export type CloseReason = 'ended' | 'slow' | 'stopping' | 'revoked' | 'lost' | 'gone';

/** Where a reader's frames go: an SSE response or a WebSocket. */
export interface Outlet {
  send(frame: Omit<EventFrame, 'seq'>): void;
  /** Bytes that the client has not read yet. */
  buffered(): number;
  /** Returns false if the client does not respond. */
  heartbeat(): boolean;
  close(reason: CloseReason): void;
}

export interface ReaderOptions {
  readonly fromSeq: number;
  readonly limits: GatewayLimits;
  readonly clock: Clock;
  readonly gate: ReplayGate;
  readonly onClose: (reason: CloseReason) => void;
}

/** With this many bytes unread, sending pauses. */
const pauseBytes = 64 * 1024;

export class Reader implements FollowerListener {
  private nextSeq: number;
  private isClosed = false;
  private isReplaying = false;
  private blocked: { readonly timer: Timer; waitingBytes: number } | null = null;
  private unblocked: (() => void) | null = null;

  constructor(
    private readonly run: FollowedRun,
    private readonly outlet: Outlet,
    private readonly options: ReaderOptions,
  ) {
    this.nextSeq = options.fromSeq;
    run.follower.listeners.add(this);
  }

  /** Sends the frames that are available. */
  wake(newsBytes = 0): void {
    if (this.isClosed || this.isReplaying) return;
    if (this.blocked !== null) {
      this.blocked.waitingBytes += newsBytes;
      if (this.blocked.waitingBytes > this.options.limits.slow_reader_bytes) this.close('slow');
      return;
    }
    const { follower } = this.run;
    while (!this.isClosed && this.blocked === null) {
      const frame = follower.frame(this.nextSeq);
      if (frame === 'earlier') {
        void this.replay().catch(() => this.close('lost'));
        return;
      }
      if (frame === null) {
        if (follower.hasEnded) this.close('ended');
        return;
      }
      this.send(frame);
    }
  }

  token(frame: Omit<EventFrame, 'seq'>): void {
    const isLive = !this.isClosed && !this.isReplaying && this.blocked === null;
    if (isLive) this.outlet.send(frame);
  }

  lost(): void {
    this.close('lost');
  }

  /** The client has read everything that was buffered. */
  drained(): void {
    if (this.blocked === null) return;
    this.blocked.timer.cancel();
    this.blocked = null;
    this.unblocked?.();
    this.wake();
  }

  heartbeat(): void {
    if (!this.isClosed && this.blocked === null && !this.outlet.heartbeat()) this.close('slow');
  }

  close(reason: CloseReason): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.blocked?.timer.cancel();
    this.unblocked?.();
    this.run.follower.listeners.delete(this);
    this.run.release();
    this.outlet.close(reason);
    this.options.onClose(reason);
  }

  private send(frame: EventFrame): void {
    this.nextSeq = frame.seq + 1;
    this.outlet.send(frame);
    if (this.outlet.buffered() > pauseBytes) this.block();
  }

  private async replay(): Promise<void> {
    this.isReplaying = true;
    const frames = this.run.follower.earlier(this.nextSeq);
    try {
      while (await this.options.gate.pass(() => this.takeFrom(frames))) {
        await new Promise<void>((resolve) => {
          this.unblocked = resolve;
        });
      }
    } finally {
      await frames.return(undefined);
    }
    this.isReplaying = false;
    this.wake();
  }

  /** Sends until the client blocks or the frames end; true if there may be more. The gate is not held while a client is blocked. */
  private async takeFrom(frames: AsyncGenerator<EventFrame>): Promise<boolean> {
    while (!this.isClosed) {
      const { value, done } = await frames.next();
      if (done === true) return false;
      this.send(value);
      if (this.blocked !== null) return true;
    }
    return false;
  }

  private block(): void {
    this.blocked = { timer: this.watch(this.outlet.buffered()), waitingBytes: 0 };
  }

  private watch(buffered: number): Timer {
    const { clock, limits } = this.options;
    return clock.after(limits.slow_reader_ms, () => {
      const left = this.outlet.buffered();
      if (left >= buffered) this.close('slow');
      else if (this.blocked !== null) {
        this.blocked = { timer: this.watch(left), waitingBytes: this.blocked.waitingBytes };
      }
    });
  }
}
