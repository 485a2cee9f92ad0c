import { endsRun, type LiveMessage, type RunEvent } from '@llmteam/contracts';
import { ApiError, foreignResponse } from './api-error.js';
import { SseParser } from './sse-parser.js';
import type { Transport } from './transport.js';

/** An event of the run; or without `seq` and live only, a token of a model's output (`llm.token`) or the progress of a step (`step.progress`). */
export type FollowedEvent = RunEvent | LiveMessage;

export interface FollowOptions {
  /** Sequence number of the first event. Default 1. */
  readonly from_seq?: number;
  readonly signal?: AbortSignal;
  /** How long to retry after the connection is lost, in milliseconds. Default 60 000. */
  readonly patienceMs?: number;
}

const firstPauseMs = 100;
const maxPauseMs = 5_000;

/**
 * Yields every event of a run from `from_seq` on, once and in order, until the run ends. Reconnects after a lost connection and continues
 * after the last event. Tokens (`llm.token`) and progress (`step.progress`) are live only: what is sent while disconnected is missed.
 */
export async function* followRun(
  transport: Transport,
  runId: string,
  { from_seq = 1, signal, patienceMs = 60_000 }: FollowOptions,
): AsyncGenerator<FollowedEvent> {
  const position: Position = { lastSeq: from_seq - 1, isOver: false };
  const reconnect = new ReconnectPolicy(patienceMs);
  while (signal?.aborted !== true) {
    try {
      for await (const event of eventsOfConnection(transport, runId, position, signal)) {
        reconnect.reset();
        yield event;
      }
    } catch (error) {
      if (isAborted(signal)) return;
      reconnect.check(error);
    }
    if (position.isOver) return;
    await pause(reconnect.nextPauseMs(), signal);
  }
}

interface Position {
  lastSeq: number;
  isOver: boolean;
}

/** Backoff and time limit of reconnecting. */
class ReconnectPolicy {
  private lostSince: number | null = null;
  private pauseMs = firstPauseMs;

  constructor(private readonly patienceMs: number) {}

  reset(): void {
    this.lostSince = null;
    this.pauseMs = firstPauseMs;
  }

  /** @throws the error if it is permanent or retries have been exhausted */
  check(error: unknown): void {
    this.lostSince ??= Date.now();
    if (!isTransient(error) || Date.now() - this.lostSince > this.patienceMs) throw error;
  }

  nextPauseMs(): number {
    const { pauseMs } = this;
    this.pauseMs = Math.min(pauseMs * 2, maxPauseMs);
    return pauseMs;
  }
}

function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

async function* eventsOfConnection(
  transport: Transport,
  runId: string,
  position: Position,
  signal: AbortSignal | undefined,
): AsyncGenerator<FollowedEvent> {
  const headers = { Accept: 'text/event-stream', 'Last-Event-ID': String(position.lastSeq) };
  const response = await transport.send(`/api/v1/runs/${encodeURIComponent(runId)}/events`, { headers, signal });
  if (response.status === 204 || response.body === null) {
    position.isOver = true;
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
          if (event.seq <= position.lastSeq) continue;
          position.lastSeq = event.seq;
          position.isOver = endsRun(event.event_type);
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
  throw foreignResponse(response, 'is not an event stream');
}

/** The connection was lost, or the gateway is overloaded or unavailable. */
function isTransient(error: unknown): boolean {
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
