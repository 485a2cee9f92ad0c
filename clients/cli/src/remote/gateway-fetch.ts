/**
 * Purpose: the `fetch` for a gateway: requests have a deadline and are retried when rate limited.
 * Owns: waiting after a 429, which guarantees that nothing was done. Other requests may have had an effect and are never retried.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { LlmteamError } from '@llmteam/contracts';
import { printNote } from '../notes.js';
import type { Settings } from '../settings.js';

type Fetch = typeof globalThis.fetch;

/** Deadline for the whole response, or for its headers if it is a stream. */
const responseTimeoutMs = 30_000;
/** Upper bound for all waits of one request together. */
const maxWaitMs = 60_000;

export function gatewayFetch(settings: Settings): Fetch {
  return async (input, init = {}) => {
    for (let waitedMs = 0; ; ) {
      const response = await fetchOnce(String(input), init, settings);
      const pauseMs = response.status === 429 ? waitOf(response.headers) : Number.POSITIVE_INFINITY;
      if (waitedMs + pauseMs > maxWaitMs) return response;
      waitedMs += pauseMs;
      await response.body?.cancel();
      printNote(settings, `The gateway limits the rate of requests: retrying in ${Math.ceil(pauseMs / 1_000)} s.`);
      await sleep(pauseMs, undefined, init.signal ? { signal: init.signal } : {});
    }
  };
}

async function fetchOnce(url: string, init: RequestInit, { logLevel, streams }: Settings): Promise<Response> {
  const began = performance.now();
  const deadline = new AbortController();
  const late = setTimeout(
    () => deadline.abort(new DOMException('no response in time', 'TimeoutError')),
    responseTimeoutMs,
  );
  late.unref();
  const isStream = new Headers(init.headers).get('Accept') === 'text/event-stream';
  const signal = init.signal ? AbortSignal.any([init.signal, deadline.signal]) : deadline.signal;
  try {
    const response = await fetch(url, { ...init, signal, redirect: 'manual' });
    if (isStream) clearTimeout(late);
    const outcome = `${response.status} in ${Math.round(performance.now() - began)} ms`;
    const id = response.headers.get('X-Request-Id') ?? 'none';
    if (logLevel === 'debug') streams.note(`debug: ${init.method ?? 'GET'} ${url}: ${outcome}, request ${id}`);
    refuseRedirect(url, response);
    return response;
  } catch (error) {
    clearTimeout(late);
    throw error;
  }
}

/** The key must only be sent to the given address. */
function refuseRedirect(url: string, { status, headers }: Response): void {
  const location = headers.get('Location');
  if (status < 300 || status >= 400 || location === null) return;
  const to = URL.canParse(location, url) ? new URL(location, url).origin : location;
  throw new LlmteamError(
    'GATEWAY_ANSWER_INVALID',
    `${new URL(url).origin} redirects to ${to}, and the key is not sent there; if the redirect is correct, pass its address as --url`,
  );
}

/** `Retry-After` (seconds or a date) in milliseconds, at least one second. */
function waitOf(headers: Headers): number {
  const text = headers.get('Retry-After') ?? '';
  const seconds = /^[0-9]+$/.test(text) ? Number(text) : (Date.parse(text) - Date.now()) / 1_000;
  return Math.max(1, Number.isFinite(seconds) ? seconds : 0) * 1_000;
}
