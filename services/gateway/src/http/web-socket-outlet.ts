import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { dataOf, type Frame } from '../following/event-frame.js';
import type { CloseReason, Outlet } from '../following/reader.js';

/** The WebSocket close codes, as listed in the API reference. */
export const closeCodes: Readonly<Record<CloseReason, { readonly code: number; readonly about: string }>> = {
  ended: { code: 1000, about: 'the run has ended and every event was sent' },
  stopping: { code: 1001, about: 'the gateway is stopping: come again' },
  lost: { code: 1011, about: 'the run cannot be followed here at the moment: come again' },
  slow: { code: 1013, about: 'the client took too little for too long: come again' },
  revoked: { code: 4401, about: 'the API key no longer counts' },
  gone: { code: 1000, about: 'the client closed the connection' },
};

/** A client that has not closed its side by then is terminated. */
const closePatienceMs = 2_000;

export class WebSocketOutlet implements Outlet {
  private hasAnswered = true;

  /** `connection` is the stream that `socket` writes to. */
  constructor(
    private readonly socket: WebSocket,
    private readonly connection: Duplex,
  ) {
    socket.on('pong', () => {
      this.hasAnswered = true;
    });
  }

  send(frame: Frame): void {
    this.batchWrites();
    this.socket.send(dataOf(frame), { binary: false });
  }

  buffered(): number {
    return this.socket.bufferedAmount;
  }

  heartbeat(): boolean {
    const isAlive = this.hasAnswered;
    this.hasAnswered = false;
    if (isAlive) this.socket.ping();
    return isAlive;
  }

  close(reason: CloseReason): void {
    if (reason === 'gone') return;
    const { code, about } = closeCodes[reason];
    this.socket.close(code, about);
    if (reason === 'slow') {
      this.socket.terminate();
      return;
    }
    const timer = setTimeout(() => this.socket.terminate(), closePatienceMs);
    this.socket.once('close', () => clearTimeout(timer));
  }

  /** Batches the frames of one event loop turn into one write, because writes dominate the cost of a replay. Node does this for SSE. */
  private batchWrites(): void {
    if (this.connection.writableCorked > 0) return;
    this.connection.cork();
    process.nextTick(() => this.connection.uncork());
  }
}
