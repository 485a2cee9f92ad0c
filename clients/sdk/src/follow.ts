import type { LiveToken, RunEvent } from '@llmteam/contracts';
import { ApiError, foreign_answer } from './api-error.js';
import { SseParser } from './sse-parser.js';
import type { Transport } from './transport.js';

/** An event of the run, or a piece of text a model is writing. */
export type FollowedEvent = RunEvent | LiveToken;

export interface FollowOptions {
  /** The first event wanted. Default 1. */
  readonly from_seq?: number;
  readonly signal?: AbortSignal;
  /** How long to try when the connection is lost. Default 60 000. */
  readonly patience_ms?: number;
}

const last_events: ReadonlySet<string> = new Set([
  'segment.completed',
  'segment.failed',
  'segment.cancelled',
  'segment.timeout',
]);
const first_pause_ms = 100;
const longest_pause_ms = 5_000;

/**
 * Every event of a run from `from_seq` on, each once and in order, until the run ends. A lost connection is made again and goes on after
 * the last event. Pieces of text (`llm.token`) come as they are written; those written while the connection was lost do not.
 */
export async function* follow_run(
  transport: Transport,
  run_id: string,
  { from_seq = 1, signal, patience_ms = 60_000 }: FollowOptions,
): AsyncGenerator<FollowedEvent> {
  const place: Place = { last_seq: from_seq - 1, is_over: false };
  const patience = new Patience(patience_ms);
  while (signal?.aborted !== true) {
    try {
      for await (const event of one_connection(transport, run_id, place, signal)) {
        patience.reset();
        yield event;
      }
    } catch (error) {
      if (is_aborted(signal)) return;
      patience.check(error);
    }
    if (place.is_over) return;
    await pause(patience.next_pause_ms(), signal);
  }
}

interface Place {
  last_seq: number;
  is_over: boolean;
}

/** How often and how long a lost connection is made again. */
class Patience {
  private lost_since: number | null = null;
  private pause_ms = first_pause_ms;

  constructor(private readonly patience_ms: number) {}

  reset(): void {
    this.lost_since = null;
    this.pause_ms = first_pause_ms;
  }

  /** @throws the error, if trying again would not help or has been tried for long enough */
  check(error: unknown): void {
    this.lost_since ??= Date.now();
    if (!is_passing(error) || Date.now() - this.lost_since > this.patience_ms) throw error;
  }

  next_pause_ms(): number {
    const { pause_ms } = this;
    this.pause_ms = Math.min(pause_ms * 2, longest_pause_ms);
    return pause_ms;
  }
}

function is_aborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

async function* one_connection(
  transport: Transport,
  run_id: string,
  place: Place,
  signal: AbortSignal | undefined,
): AsyncGenerator<FollowedEvent> {
  const headers = { Accept: 'text/event-stream', 'Last-Event-ID': String(place.last_seq) };
  const response = await transport.send(`/api/v1/runs/${encodeURIComponent(run_id)}/events`, { headers, signal });
  if (response.status === 204 || response.body === null) {
    place.is_over = true;
    return;
  }
  check_is_stream(response);
  const parser = new SseParser();
  const decoder = new TextDecoder();
  const reader = response.body.getReader();
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      for (const { id, data } of parser.push(decoder.decode(read.value, { stream: true }))) {
        const event = JSON.parse(data) as FollowedEvent;
        if (id !== null && 'seq' in event) {
          if (event.seq <= place.last_seq) continue;
          place.last_seq = event.seq;
          place.is_over = last_events.has(event.event_type);
        }
        yield event;
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function check_is_stream(response: Response): void {
  const type = response.headers.get('Content-Type') ?? '';
  if (type.startsWith('text/event-stream')) return;
  response.body?.cancel().catch(() => undefined);
  throw foreign_answer(response, 'is no stream of events');
}

/** Whether trying again may help: the connection broke, or the gateway is busy or away. */
function is_passing(error: unknown): boolean {
  if (!(error instanceof ApiError)) return true;
  return error.status === 0 || error.status === 408 || error.status === 429 || error.status >= 500;
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done);
  });
}
