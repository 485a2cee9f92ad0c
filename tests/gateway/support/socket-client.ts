import { WebSocket } from 'ws';

export interface SocketStream {
  readonly seqs: readonly number[];
  readonly events: readonly { readonly event_type: string; readonly seq?: number }[];
  /** The close code, or the HTTP status of a rejected upgrade. */
  readonly closed: Promise<number>;
  readonly socket: WebSocket;
}

export interface SocketOptions {
  readonly key?: string;
  readonly fromSeq?: number;
  readonly origin?: string;
  readonly protocols?: readonly string[];
}

export function openSocket(port: number, runId: string, options: SocketOptions = {}): SocketStream {
  const search = options.fromSeq === undefined ? '' : `?from_seq=${options.fromSeq}`;
  const headers: Record<string, string> = {};
  if (options.key !== undefined) headers.Authorization = `Bearer ${options.key}`;
  if (options.origin !== undefined) headers.Origin = options.origin;
  const url = `ws://127.0.0.1:${port}/api/v1/runs/${runId}/ws${search}`;
  const socket = new WebSocket(url, [...(options.protocols ?? [])], { headers });
  const seqs: number[] = [];
  const events: { event_type: string; seq?: number }[] = [];
  const closed = new Promise<number>((resolve) => {
    socket.on('message', (data) => {
      const event = JSON.parse(String(data));
      events.push(event);
      if (typeof event.seq === 'number') seqs.push(event.seq);
    });
    socket.once('close', (code) => resolve(code));
    socket.once('unexpected-response', (_request, answer) => {
      resolve(answer.statusCode ?? 0);
      answer.resume();
      socket.terminate();
    });
    socket.on('error', () => undefined);
  });
  return { seqs, events, closed, socket };
}
