import type { ServerResponse } from 'node:http';
import type { Frame } from '../following/event-frame.js';
import type { CloseReason, Outlet } from '../following/reader.js';

const heartbeat = Buffer.from(': still here\n\n');

/** Sends frames as server-sent events. A client that was disconnected reconnects with `Last-Event-ID`. */
export class SseOutlet implements Outlet {
  constructor(private readonly response: ServerResponse) {
    response.writeHead(200, {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-cache, no-transform',
      'X-Accel-Buffering': 'no',
    });
    response.socket?.setTimeout(0);
    response.socket?.setNoDelay(true);
    response.write('retry: 1000\n\n');
  }

  send({ sse }: Frame): void {
    this.response.write(sse);
  }

  buffered(): number {
    return this.response.writableLength;
  }

  heartbeat(): boolean {
    this.response.write(heartbeat);
    return true;
  }

  close(reason: CloseReason): void {
    if (reason === 'gone') return;
    if (reason === 'slow') this.response.destroy();
    else this.response.end();
  }
}
