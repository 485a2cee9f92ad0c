import type { ServerResponse } from 'node:http';
import type { PreparedStream } from '../following/streams.js';
import { SseOutlet } from './sse-outlet.js';

/** Sends the events of a run on a response until the run ends or the client disconnects. */
export function sendEvents(response: ServerResponse, stream: PreparedStream): void {
  const reader = stream.begin(new SseOutlet(response));
  response.on('drain', () => reader.drained());
  response.once('close', () => reader.gone());
}
