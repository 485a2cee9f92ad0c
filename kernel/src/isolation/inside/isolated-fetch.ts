/** `context.fetch` inside an isolate: the host sends the request; the body of the response comes piece by piece. */
import { type FetchOptions, type GuardedFetch, isLlmteamError, type Json, LlmteamError } from '@llmteam/contracts';
import type { FetchAnswer, FetchRequest } from '../isolate-messages.js';
import type { WorkLine } from './host-line.js';

/** Only to let `Request` read the options; the host reads the URL. */
const anyUrl = 'http://any.invalid/';
const bodiless = new Set([101, 103, 204, 205, 304]);

export async function isolatedFetch(
  line: WorkLine,
  attempt: AbortSignal,
  input: Parameters<GuardedFetch>[0],
  options: FetchOptions = {},
): Promise<Response> {
  const { client = null, signal: own, ...init } = options;
  const request = requestOf(input, init);
  const signal = AbortSignal.any([attempt, ...(own ? [own] : []), ...(input instanceof Request ? [input.signal] : [])]);
  signal.throwIfAborted();
  const sent: FetchRequest = {
    url: input instanceof Request ? input.url : String(input),
    client,
    method: request.method,
    headers: [...request.headers],
    body: request.body === null ? null : await bodyText(request),
    redirect: request.redirect,
  };
  const { id, answer } = line.begin({ ask: 'fetch', request: sent });
  const cancel = () => line.send({ tell: 'fetch_cancel', fetch: id });
  signal.addEventListener('abort', cancel, { once: true });
  try {
    return responseOf(line, id, (await answer) as unknown as FetchAnswer, signal);
  } catch (error) {
    signal.removeEventListener('abort', cancel);
    if (signal.aborted && !isLlmteamError(signal.reason)) throw signal.reason;
    throw error;
  }
}

function requestOf(input: Parameters<GuardedFetch>[0], init: RequestInit): Request {
  try {
    const request = input instanceof Request ? new Request(input, init) : new Request(anyUrl, init);
    if (request.integrity === '') return request;
  } catch (cause) {
    // The message of the cause repeats the value of a header that is not valid.
    throw new TypeError('fetch: the options or the name or value of a header are not valid', { cause });
  }
  throw new TypeError('`integrity` is not supported by this fetch');
}

const mostBytes = 16 * 1024 * 1024;

async function bodyText(request: Request): Promise<string> {
  const bytes = await request.arrayBuffer();
  if (bytes.byteLength <= mostBytes) return Buffer.from(bytes).toString('base64');
  throw new LlmteamError('LIMIT_EXCEEDED', `the body of a request is larger than ${mostBytes} bytes`);
}

function responseOf(line: WorkLine, id: number, answer: FetchAnswer, signal: AbortSignal): Response {
  const { status, status_text, headers, url, redirected, has_body } = answer;
  const body = has_body && !bodiless.has(status) ? bodyOf(line, id, signal) : null;
  const init = {
    status,
    statusText: status_text,
    headers: headers.map(([name, value]): [string, string] => [name, value]),
  };
  const response = new Response(body, init);
  Object.defineProperties(response, { url: { value: url }, redirected: { value: redirected } });
  return response;
}

function bodyOf(line: WorkLine, id: number, signal: AbortSignal): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        signal.throwIfAborted();
        const piece = await line.ask<Json>({ ask: 'fetch_read', fetch: id });
        if (typeof piece === 'string') controller.enqueue(Buffer.from(piece, 'base64'));
        else controller.close();
      },
      cancel: () => line.send({ tell: 'fetch_cancel', fetch: id }),
    },
    { highWaterMark: 0 },
  );
}
