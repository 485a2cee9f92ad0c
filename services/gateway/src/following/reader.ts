/**
 * Purpose: one client that follows a run.
 * Owns: its position in the event list, and backpressure. Events the client is not ready for stay with the follower, so a slow reader costs
 * a small buffer rather than a copy of everything. Tokens and progress the client is not ready for are dropped.
 * Invariants:
 *   R1 Every seq from `fromSeq` on is sent once, in order.
 *   R2 A reader that takes nothing for `slow_reader_ms`, or falls behind by `slow_reader_bytes` of live events, is cut off. It may reconnect.
 *   R3 Nothing is sent while the bytes the client has not read exceed its share of the memory.
 *   R4 A reader counts until its connection is closed, however it ends.
 */
import type { Clock } from '@llmteam/contracts';
import type { GatewayLimits } from '../limits/gateway-limits.js';
import type { EventFrame, Frame } from './event-frame.js';
import type { FollowedRun } from './followers.js';
import type { MemoryBudget } from './memory-budget.js';
import { Replay } from './replay.js';
import type { ReplayGate } from './replay-gate.js';
import type { FollowerListener } from './run-follower.js';
import type { SendTurns } from './send-turns.js';

export type CloseReason = 'ended' | 'slow' | 'stopping' | 'revoked' | 'lost' | 'gone';

/** Where a reader's frames go: an SSE response or a WebSocket. */
export interface Outlet {
  send(frame: Frame): void;
  /** Bytes that the client has not read yet. */
  buffered(): number;
  /** Returns false if the client does not respond. */
  heartbeat(): boolean;
  /** `slow` closes at once; the other reasons let the client take what it was sent. May be called again with `slow`. */
  close(reason: CloseReason): void;
}

export interface ReaderOptions {
  readonly fromSeq: number;
  readonly limits: Pick<GatewayLimits, 'slow_reader_ms' | 'slow_reader_bytes'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly gate: ReplayGate;
  readonly turns: SendTurns;
  /** For what all clients have not read. */
  readonly budget: MemoryBudget;
  readonly onCutOff: () => void;
  /** The connection is closed. */
  readonly onGone: () => void;
}

export class Reader implements FollowerListener {
  private nextSeq: number;
  private isClosed = false;
  private isCutOff = false;
  private isGone = false;
  private isReplaying = false;
  private isBlocked = false;
  /** Live bytes since the reader was blocked. */
  private waitingBytes = 0;
  private unread = 0;
  /** When the client was last seen to take something, or had taken everything. */
  private tookAt: number;
  private unblocked: (() => void) | null = null;

  constructor(
    private readonly run: FollowedRun,
    private readonly outlet: Outlet,
    private readonly options: ReaderOptions,
  ) {
    this.nextSeq = options.fromSeq;
    this.tookAt = options.clock.now();
    run.follower.listeners.add(this);
  }

  /** Sends the frames that are available. */
  wake(newsBytes = 0): void {
    if (this.isClosed || this.isReplaying) return;
    if (this.isBlocked) {
      this.waitingBytes += newsBytes;
      if (this.waitingBytes > this.options.limits.slow_reader_bytes) this.cutOff();
      return;
    }
    const { follower } = this.run;
    while (!this.isClosed && !this.isBlocked) {
      const frame = follower.frame(this.nextSeq);
      if (frame === 'earlier') {
        void this.replay().catch(() => this.close('lost'));
        return;
      }
      if (frame === null) {
        if (follower.hasEnded) this.close('ended');
        return;
      }
      this.sendEvent(frame);
    }
  }

  live(frame: Frame): void {
    if (!this.isClosed && !this.isReplaying && !this.isBlocked) this.send(frame);
  }

  lost(): void {
    this.close('lost');
  }

  /** The client has read everything that was buffered. */
  drained(): void {
    this.look();
    if (this.isBlocked) this.options.turns.add(this.goOn);
  }

  private readonly goOn = (): void => {
    this.isBlocked = false;
    this.unblocked?.();
    this.wake();
  };

  heartbeat(): void {
    if (this.isClosed || this.isBlocked) return;
    this.look();
    if (!this.outlet.heartbeat()) this.cutOff();
    this.count();
  }

  /** Notes whether the client took something since the last look. */
  look(): void {
    const before = this.unread;
    this.count();
    if (this.unread < before || this.unread === 0) this.tookAt = this.options.clock.now();
  }

  /** Cuts the reader off if it has taken nothing for too long. Called several times per `slow_reader_ms`. */
  check(): void {
    this.look();
    if (this.unread === 0) this.drained();
    else if (this.options.clock.now() - this.tookAt >= this.options.limits.slow_reader_ms) this.cutOff();
  }

  /** Sends nothing more; `gone` follows when the connection is closed. */
  close(reason: CloseReason): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.unblocked?.();
    this.run.follower.listeners.delete(this);
    this.run.release();
    this.outlet.close(reason);
  }

  /** The connection is closed. */
  gone(): void {
    if (this.isGone) return;
    this.isGone = true;
    this.close('gone');
    this.options.budget.release(this.unread);
    this.unread = 0;
    this.options.onGone();
  }

  private cutOff(): void {
    if (this.isCutOff || this.isGone) return;
    this.isCutOff = true;
    this.options.onCutOff();
    if (this.isClosed) this.outlet.close('slow');
    else this.close('slow');
  }

  private sendEvent(frame: EventFrame): void {
    this.nextSeq = frame.seq + 1;
    this.send(frame);
  }

  private send(frame: Frame): void {
    this.look();
    this.outlet.send(frame);
    this.count();
    if (!this.options.budget.isTooMuch(this.unread)) return;
    this.isBlocked = true;
    this.waitingBytes = 0;
  }

  private count(): void {
    if (this.isGone) return;
    const unread = this.outlet.buffered();
    this.options.budget.take(unread - this.unread);
    this.unread = unread;
  }

  /** Sends earlier events until the reader has caught up with what the follower keeps. */
  private async replay(): Promise<void> {
    this.isReplaying = true;
    const replay = new Replay(this.run.follower, this.options.gate);
    try {
      while (!this.isClosed && (await replay.pass(this.nextSeq, (frame) => this.takes(frame)))) {
        await this.whenUnblocked();
      }
    } finally {
      replay.forget();
    }
    this.isReplaying = false;
    this.wake();
  }

  private async whenUnblocked(): Promise<void> {
    if (!this.isBlocked || this.isClosed) return;
    await new Promise<void>((resolve) => {
      this.unblocked = resolve;
    });
  }

  /** Whether it may be sent more. */
  private takes(frame: EventFrame): boolean {
    if (!this.isClosed) this.sendEvent(frame);
    return !this.isClosed && !this.isBlocked;
  }
}
