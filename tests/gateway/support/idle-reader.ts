import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';

export type StreamKind = 'sse' | 'socket';

export interface IdleReader {
  readonly socket: Socket;
  /** Resolves once the gateway has closed the connection. */
  readonly closed: Promise<void>;
  readonly isClosed: () => boolean;
}

/** Asks for the events of a run and never reads what comes. */
export function openIdleReader(port: number, runId: string, key: string, kind: StreamKind): IdleReader {
  const socket = connect({ port, host: '127.0.0.1' });
  socket.pause();
  const state = { isClosed: false };
  // Reading is paused, so the end of the stream is not seen; a failing write shows that the connection is gone.
  const closed = new Promise<void>((resolve) => {
    socket.on('error', () => undefined);
    socket.once('close', () => {
      state.isClosed = true;
      resolve();
    });
  });
  socket.write(kind === 'sse' ? sseRequest(runId, key) : socketRequest(runId, key));
  return { socket, closed, isClosed: () => state.isClosed };
}

function sseRequest(runId: string, key: string): string {
  return lines(`GET /api/v1/runs/${runId}/events HTTP/1.1`, key, 'Accept: text/event-stream');
}

function socketRequest(runId: string, key: string): string {
  return lines(
    `GET /api/v1/runs/${runId}/ws HTTP/1.1`,
    key,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
  );
}

function lines(first: string, key: string, ...headers: readonly string[]): string {
  return [first, 'Host: 127.0.0.1', `Authorization: Bearer ${key}`, ...headers, '\r\n'].join('\r\n');
}
