import { endsRun, type LiveToken, type RunEvent } from '@llmteam/contracts';
import { ApiError, foreignAnswer } from './api-error.js';
import { SseParser } from './sse-parser.js';
import type { Transport } from './transport.js';

/** An event of the run, or a piece of text a model is writing. */
export type FollowedEvent = RunEvent | LiveToken;

export interface FollowOptions {
  /** The first event wanted. Default 1. */
  readonly from_seq?: number;
  readonly signal?: AbortSignal;
  /** How long to try when the connection is lost. Default 60 000. */
  readonly patienceMs?: number;
}

const firstPauseMs = 100;
const longestPauseMs = 5_000;

/**
 * Every event of a run from `from_seq` on, each once and in order, until the run ends. A lost connection is made again and goes on after
 * the last event. Pieces of text (`llm.token`) come as they are written; those written while the connection was lost do not.
 */
export async function* followRun(
  transport: Transport,
  runId: string,
  { from_seq = 1, signal, patienceMs = 60_000 }: FollowOptions,
): AsyncGenerator<FollowedEvent> {
  const place: Place = { lastSeq: from_seq - 1, isOver: false };
  const patience = new Patience(patienceMs);
  while (signal?.aborted !== true) {
    try {
      for await (const event of oneConnection(transport, runId, place, signal)) {
        patience.reset();
        yield event;
      }
    } catch (error) {
      if (isAborted(signal)) return;
      patience.check(error);
    }
    if (place.isOver) return;
    await pause(patience.nextPauseMs(), signal);
  }
}

interface Place {
  lastSeq: number;
  isOver: boolean;
}

/** How often and how long a lost connection is made again. */
class Patience {
  private lostSince: number | null = null;
  private pauseMs = firstPauseMs;

  constructor(private readonly patienceMs: number) {}

  reset(): void {
    this.lostSince = null;
    this.pauseMs = firstPauseMs;
  }

  /** @throws the error, if trying again would not help or has been tried for long enough */
  check(error: unknown): void {
    this.lostSince ??= Date.now();
    if (!isPassing(error) || Date.now() - this.lostSince > this.patienceMs) throw error;
  }

  nextPauseMs(): number {
    const { pauseMs } = this;
    this.pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    return pauseMs;
  }
}

function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

async function* oneConnection(
  transport: Transport,
  runId: string,
  place: Place,
  signal: AbortSignal | undefined,
): AsyncGenerator<FollowedEvent> {
  const headers = { Accept: 'text/event-stream', 'Last-Event-ID': String(place.lastSeq) };
  const response = await transport.send(`/api/v1/runs/${encodeURIComponent(runId)}/events`, { headers, signal });
  if (response.status === 204 || response.body === null) {
    place.isOver = true;
    return;
  }
  checkIsStream(response);
  const parser = new SseParser();
  const decoder = new TextDecoder();
  const reader = response.body.getReader();
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      for (const { id, data } of parser.push(decoder.decode(read.value, { stream: true }))) {
        const event = JSON.parse(data) as FollowedEvent;
        if (id !== null && 'seq' in event) {
          if (event.seq <= place.lastSeq) continue;
          place.lastSeq = event.seq;
          place.isOver = endsRun(event.event_type);
        }
        yield event;
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function checkIsStream(response: Response): void {
  const type = response.headers.get('Content-Type') ?? '';
  if (type.startsWith('text/event-stream')) return;
  response.body?.cancel().catch(() => undefined);
  throw foreignAnswer(response, 'is no stream of events');
}

/** Whether trying again may help: the connection broke, or the gateway is busy or away. */
function isPassing(error: unknown): boolean {
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
