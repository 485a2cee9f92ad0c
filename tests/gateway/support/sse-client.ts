import { type IncomingMessage, request } from 'node:http';
import { SseParser } from '@llmteam/sdk';

export interface SseStream {
  readonly status: number;
  /** `seq` of the events so far, in order of arrival. */
  readonly seqs: readonly number[];
  readonly events: readonly { readonly event_type: string; readonly seq?: number; readonly text?: string }[];
  /** Resolves once the stream has ended, for whatever reason. */
  readonly ended: Promise<void>;
  /** Stops reading for now. */
  pause(): void;
  resume(): void;
  destroy(): void;
}

/** Follows a run like a browser; can be slow or disconnect. */
export function openSse(
  port: number,
  runId: string,
  key: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<SseStream> {
  return new Promise((resolve, reject) => {
    const path = `/api/v1/runs/${runId}/events`;
    const sent = { Authorization: `Bearer ${key}`, Accept: 'text/event-stream', ...headers };
    const asked = request({ host: '127.0.0.1', port, path, headers: sent, agent: false }, (answer) => {
      resolve(readStream(answer));
    });
    asked.on('error', reject);
    asked.end();
  });
}

function readStream(answer: IncomingMessage): SseStream {
  const parser = new SseParser();
  const seqs: number[] = [];
  const events: { event_type: string; seq?: number; text?: string }[] = [];
  answer.setEncoding('utf8');
  answer.on('data', (piece: string) => {
    for (const { id, data } of parser.push(piece)) {
      const event = JSON.parse(data);
      events.push(event);
      if (id === null) continue;
      if (Number(id) !== event.seq) throw new Error(`id ${id} is not the seq of ${data}`);
      seqs.push(event.seq);
    }
  });
  answer.on('error', () => undefined);
  const ended = new Promise<void>((resolve) => answer.once('close', () => resolve()));
  return {
    status: answer.statusCode ?? 0,
    seqs,
    events,
    ended,
    pause: () => answer.pause(),
    resume: () => answer.resume(),
    destroy: () => answer.destroy(),
  };
}
