/**
 * Purpose: how the command line asks a gateway: with a deadline, and again when the gateway asks it to wait.
 * Owns: waiting after 429, which says that nothing was done. Does not own: anything that may have been done; that is not repeated.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { LlmteamError } from '@llmteam/contracts';
import type { Settings } from '../settings.js';
import { tell } from '../telling.js';

type Fetch = typeof globalThis.fetch;

/** For the head of an answer, and for the whole of it unless it is a stream. */
const answerMs = 30_000;
/** All waits of one request together. */
const mostWaitMs = 60_000;

export function gatewayFetch(settings: Settings): Fetch {
  return async (input, init = {}) => {
    for (let waitedMs = 0; ; ) {
      const response = await askOnce(String(input), init, settings);
      const pauseMs = response.status === 429 ? waitOf(response.headers) : Number.POSITIVE_INFINITY;
      if (waitedMs + pauseMs > mostWaitMs) return response;
      waitedMs += pauseMs;
      await response.body?.cancel();
      tell(settings, `The gateway asks for patience: trying again in ${Math.ceil(pauseMs / 1_000)} s.`);
      await sleep(pauseMs, undefined, init.signal ? { signal: init.signal } : {});
    }
  };
}

async function askOnce(url: string, init: RequestInit, { logLevel, streams }: Settings): Promise<Response> {
  const began = performance.now();
  const deadline = new AbortController();
  const late = setTimeout(() => deadline.abort(new DOMException('no answer in time', 'TimeoutError')), answerMs);
  late.unref();
  const isStream = new Headers(init.headers).get('Accept') === 'text/event-stream';
  const signal = init.signal ? AbortSignal.any([init.signal, deadline.signal]) : deadline.signal;
  try {
    const response = await fetch(url, { ...init, signal, redirect: 'manual' });
    if (isStream) clearTimeout(late);
    const took = `${response.status} in ${Math.round(performance.now() - began)} ms`;
    const id = response.headers.get('X-Request-Id') ?? 'none';
    if (logLevel === 'debug') streams.note(`debug: ${init.method ?? 'GET'} ${url}: ${took}, request ${id}`);
    refuseRedirect(url, response);
    return response;
  } catch (error) {
    clearTimeout(late);
    throw error;
  }
}

/** The key is for the address that was given, and for no other. */
function refuseRedirect(url: string, { status, headers }: Response): void {
  const location = headers.get('Location');
  if (status < 300 || status >= 400 || location === null) return;
  const to = URL.canParse(location, url) ? new URL(location, url).origin : location;
  throw new LlmteamError(
    'GATEWAY_ANSWER_INVALID',
    `${new URL(url).origin} sends on to ${to}, and the key is not sent there; if that is right, give its address as --url`,
  );
}

/** Milliseconds, of seconds or of a date. At least a second, so that nobody is pressed. */
function waitOf(headers: Headers): number {
  const text = headers.get('Retry-After') ?? '';
  const seconds = /^[0-9]+$/.test(text) ? Number(text) : (Date.parse(text) - Date.now()) / 1_000;
  return Math.max(1, Number.isFinite(seconds) ? seconds : 0) * 1_000;
}
