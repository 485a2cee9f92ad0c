import { LlmteamError } from '@llmteam/contracts';
import type { Outbound } from '@llmteam/kernel';

/**
 * Answers the requests of a handler: it is given a `Request`, never a text, and `String(request)` is its URL, as for stubs that are written
 * for the global `fetch`. `globalThis.fetch` sends them.
 */
export type TestFetch = (request: Request) => Response | Promise<Response>;

/**
 * Asks for the permissions that the guarded fetch asks for, then lets the test answer. The rest of the guard (private networks, redirects)
 * is about real networks, which a test does not reach by accident: without `fetch` nothing is sent.
 */
export function testOutbound(fetch: TestFetch | undefined): Outbound {
  return async (input, given, policy) => {
    const { client, ...options } = given ?? {};
    const request = requestOf(input, options, client === undefined ? undefined : policy.client(client), policy.signal);
    if (client === undefined) policy.checkHost(new URL(request.url).host);
    if (fetch === undefined) {
      throw new LlmteamError(
        'EGRESS_BLOCKED',
        `nothing answers ${request.method} ${request.url}: give the test \`fetch\``,
      );
    }
    Object.defineProperty(request, 'toString', { value: () => request.url });
    return await abortable(Promise.resolve(fetch(request)), policy.signal);
  };
}

function requestOf(
  input: string | URL | Request,
  options: RequestInit,
  client: { readonly base_url: string; readonly headers: Readonly<Record<string, string>> } | undefined,
  attempt: AbortSignal,
): Request {
  const signal = options.signal == null ? attempt : AbortSignal.any([attempt, options.signal]);
  if (client === undefined || input instanceof Request) return new Request(input, { ...options, signal });
  const url = `${client.base_url.replace(/\/$/, '')}/${String(input).replace(/^\//, '')}`;
  const headers = new Headers(options.headers ?? {});
  for (const [name, value] of Object.entries(client.headers)) headers.set(name, value);
  return new Request(url, { ...options, headers, signal });
}

/** Rejects with the reason of the signal as soon as it aborts. */
async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  return await new Promise<T>((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
