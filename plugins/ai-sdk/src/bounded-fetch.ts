import { LlmteamError } from '@llmteam/contracts';

/** The largest port value plus the protocol's overhead per token. */
const largestResponseBytes = 32 * 1024 * 1024;

type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/**
 * A `fetch` for the SDK of a model: it follows no redirect, because the prompt must reach the configured service only; an answer has at
 * most 32 MiB; and a call, which is known by its signal, sends one request: some SDKs send more of themselves.
 * @throws LlmteamError `LLM_FAILED`, not recoverable, for a larger answer and for a second request
 */
export function boundedFetch(inner: Fetch = fetch): typeof fetch {
  const asked = new WeakSet<AbortSignal>();
  return async (input, init) => {
    const signal = init?.signal;
    if (signal != null) {
      if (asked.has(signal)) throw overBound('the answer needs a second request; ask for a shorter one');
      asked.add(signal);
    }
    const response = await inner(input, { ...init, redirect: 'manual' });
    if (response.body === null) return response;
    const { status, statusText, headers } = response;
    const body = response.body.pipeThrough(byteCap(largestResponseBytes));
    const bounded = new Response(body, { status, statusText, headers });
    return response.ok && isJson(headers) && wantsEvents(input, init) ? asEvent(await bounded.text()) : bounded;
  };
}

function overBound(message: string): LlmteamError {
  return new LlmteamError('LLM_FAILED', message, { recoverable: false });
}

/** Whether the SDK asks for a stream. */
function wantsEvents(input: string | URL | Request, init: RequestInit | undefined): boolean {
  const url = input instanceof Request ? input.url : String(input);
  if (new URL(url).searchParams.get('alt') === 'sse') return true;
  return typeof init?.body === 'string' && (JSON.parse(init.body) as { readonly stream?: unknown }).stream === true;
}

function isJson(headers: Headers): boolean {
  return headers.get('content-type')?.startsWith('application/json') === true;
}

/** JSON instead of a stream, such as an error with status 200: the SDK would see a stream without events. */
function asEvent(json: string): Response {
  const lines = json.split(/\r\n|\r|\n/).map((line) => `data: ${line}\n`);
  return new Response(`${lines.join('')}\n`, { headers: { 'content-type': 'text/event-stream' } });
}

function byteCap(most: number): TransformStream<Uint8Array, Uint8Array> {
  let bytes = 0;
  return new TransformStream({
    transform(chunk, controller) {
      bytes += chunk.byteLength;
      if (bytes <= most) controller.enqueue(chunk);
      else controller.error(overBound(`the answer is larger than ${most} bytes`));
    },
  });
}
