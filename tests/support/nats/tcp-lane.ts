/**
 * Purpose: one direction of a connection through the proxy: forwards data from one socket to the other as the simulated network allows.
 * Invariants: L1 chunks leave in arrival order, then the end; L2 backpressure: a sender whose data is not forwarded is not read.
 */
import type { Socket } from 'node:net';
import { resetSocket } from './reset-socket.js';

export interface Weather {
  readonly isStalled: boolean;
  readonly delayMs: number;
  /** Whether the next chunk resets the connection instead. */
  readonly loses: () => boolean;
}

export interface Passing {
  readonly weather: Weather;
  /** Called when the connection must be reset. */
  readonly lost: () => void;
  /** Called when this lane has forwarded the end of its connection. */
  readonly over: () => void;
}

/** Data, or how the sender ended: with FIN, with close, or with an error. */
type Piece = Buffer | 'end' | 'closed' | 'failed';

interface Held {
  readonly piece: Piece;
  readonly cameMs: number;
}

const mostHeldBytes = 1_000_000;

export class TcpLane {
  private held: Held[] = [];
  private heldBytes = 0;
  private timer: NodeJS.Timeout | undefined;
  private waitsForDrain = false;
  private closed = false;

  constructor(
    private readonly from: Socket,
    private readonly to: Socket,
    private readonly passing: Passing,
  ) {
    from.on('data', (bytes: Buffer) => this.take(bytes));
    from.once('end', () => this.take('end'));
    from.once('close', (failed: boolean) => this.take(failed ? 'failed' : 'closed'));
    to.on('drain', () => this.goOn());
    to.once('close', () => this.goOn());
  }

  get isOver(): boolean {
    return this.closed;
  }

  /** Forwards what is due. */
  pass(): void {
    clearTimeout(this.timer);
    while (this.mayPass()) {
      const [next] = this.held;
      if (next === undefined) break;
      const earlyMs = next.cameMs + this.passing.weather.delayMs - performance.now();
      if (earlyMs > 0) {
        this.timer = setTimeout(() => this.pass(), earlyMs);
        return;
      }
      this.held.shift();
      this.passOn(next.piece);
    }
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    this.held = [];
  }

  private take(piece: Piece): void {
    if (this.closed) return;
    this.held.push({ piece, cameMs: performance.now() });
    if (Buffer.isBuffer(piece)) this.heldBytes += piece.length;
    if (this.heldBytes > mostHeldBytes) this.from.pause();
    this.pass();
  }

  private goOn(): void {
    this.waitsForDrain = false;
    this.pass();
  }

  private mayPass(): boolean {
    return !(this.closed || this.waitsForDrain || this.passing.weather.isStalled);
  }

  private passOn(piece: Piece): void {
    if (piece === 'end') this.to.end();
    else if (Buffer.isBuffer(piece)) this.passBytes(piece);
    else this.passClose(piece);
  }

  private passClose(how: 'closed' | 'failed'): void {
    this.close();
    if (how === 'closed') this.to.destroySoon();
    else resetSocket(this.to);
    this.passing.over();
  }

  private passBytes(piece: Buffer): void {
    this.heldBytes -= piece.length;
    if (this.heldBytes <= mostHeldBytes / 2) this.from.resume();
    if (this.passing.weather.loses()) this.passing.lost();
    else if (this.to.writable) this.waitsForDrain = !this.to.write(piece);
  }
}
