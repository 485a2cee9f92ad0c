/**
 * Purpose: one direction of a connection through the proxy: what comes from one socket goes to the other when the weather lets it.
 * Invariants: L1 pieces leave in the order they came, then the end; L2 it holds little: a sender that is not passed on is not read.
 */
import type { Socket } from 'node:net';
import { reset_socket } from './reset-socket.js';

export interface Weather {
  readonly is_stalled: boolean;
  readonly delay_ms: number;
  /** Whether the next piece resets the connection instead. */
  readonly loses: () => boolean;
}

export interface Passing {
  readonly weather: Weather;
  /** The connection is to be reset. */
  readonly lost: () => void;
  /** This lane has passed the end of its connection. */
  readonly over: () => void;
}

/** Bytes, or how the sender ended: it said so, its connection is over, or that failed. */
type Piece = Buffer | 'end' | 'closed' | 'failed';

interface Held {
  readonly piece: Piece;
  readonly came_ms: number;
}

const most_held_bytes = 1_000_000;

export class TcpLane {
  private held: Held[] = [];
  private held_bytes = 0;
  private timer: NodeJS.Timeout | undefined;
  private waits_for_drain = false;
  private closed = false;

  constructor(
    private readonly from: Socket,
    private readonly to: Socket,
    private readonly passing: Passing,
  ) {
    from.on('data', (bytes: Buffer) => this.take(bytes));
    from.once('end', () => this.take('end'));
    from.once('close', (failed: boolean) => this.take(failed ? 'failed' : 'closed'));
    to.on('drain', () => this.go_on());
    to.once('close', () => this.go_on());
  }

  get is_over(): boolean {
    return this.closed;
  }

  /** Passes on what is due. */
  pass(): void {
    clearTimeout(this.timer);
    while (this.may_pass()) {
      const [next] = this.held;
      if (next === undefined) break;
      const early_ms = next.came_ms + this.passing.weather.delay_ms - performance.now();
      if (early_ms > 0) {
        this.timer = setTimeout(() => this.pass(), early_ms);
        return;
      }
      this.held.shift();
      this.pass_on(next.piece);
    }
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    this.held = [];
  }

  private take(piece: Piece): void {
    if (this.closed) return;
    this.held.push({ piece, came_ms: performance.now() });
    if (Buffer.isBuffer(piece)) this.held_bytes += piece.length;
    if (this.held_bytes > most_held_bytes) this.from.pause();
    this.pass();
  }

  private go_on(): void {
    this.waits_for_drain = false;
    this.pass();
  }

  private may_pass(): boolean {
    return !(this.closed || this.waits_for_drain || this.passing.weather.is_stalled);
  }

  private pass_on(piece: Piece): void {
    if (piece === 'end') this.to.end();
    else if (Buffer.isBuffer(piece)) this.pass_bytes(piece);
    else this.pass_close(piece);
  }

  private pass_close(how: 'closed' | 'failed'): void {
    this.close();
    if (how === 'closed') this.to.destroySoon();
    else reset_socket(this.to);
    this.passing.over();
  }

  private pass_bytes(piece: Buffer): void {
    this.held_bytes -= piece.length;
    if (this.held_bytes <= most_held_bytes / 2) this.from.resume();
    if (this.passing.weather.loses()) this.passing.lost();
    else if (this.to.writable) this.waits_for_drain = !this.to.write(piece);
  }
}
