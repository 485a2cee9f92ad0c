/**
 * Purpose: the `fetch` of handlers.
 * Owns: one request with its redirects, and the response until its body is read.
 * Does not own: addresses and connections (egress.ts), what is asked for (outgoing.ts).
 * Invariants:
 *  G1 no request is sent to a host that was not checked right before, redirects included
 *  G2 once the attempt is over no request starts; what runs, a body that is read included, ends with the reason of its signal
 *  G3 a body that nobody reads holds its connection until the attempt is over, never longer
 */
import { setMaxListeners } from 'node:events';
import { type FetchOptions, type GuardedFetch, LlmteamError } from '@llmteam/contracts';
import { type Dispatcher, fetch, type Response as Received } from 'undici';
import { createEgress } from './egress.js';
import type { Egress } from './egress-options.js';
import { fetchFailure } from './fetch-failure.js';
import { type FetchNetwork, type FetchPolicy, fetchLimits, type PolicedFetch } from './guarded-fetch-options.js';
import { redirectedRequest } from './next-request.js';
import { type Outgoing, outgoingOf } from './outgoing.js';
import { standardResponse } from './standard-response.js';
import { shownUrl } from './url.js';
import { watched } from './watched.js';

export function createGuardedFetch({ connectMs = fetchLimits.connectMs, ...network }: FetchNetwork): PolicedFetch {
  const { headerBytes } = fetchLimits;
  const whoMayReachPrivate =
    'a client with `allow_private_network`, or a host that `grant.network` names (`grant: "declared"` names none),';
  const egress = createEgress({ ...network, limits: { connectMs, headerBytes, idleMs: 0 }, whoMayReachPrivate });
  return {
    fetch: async (input, given, policy) => {
      const options = given ?? {};
      const ending = endingOf(input, options, policy);
      try {
        return await guardedFetch(input, options, { egress, policy, connectMs, ending });
      } catch (thrown) {
        const reason = ending.signal.aborted ? ending.signal.reason : thrown;
        ending.abandon();
        throw reason;
      }
    },
    close: () => egress.close(),
  };
}

/** When a request ends early: with its attempt, or by the signal that the handler gave. */
interface Ending {
  readonly signal: AbortSignal;
  /** The end of the request. Without it, an attempt would collect the listeners of all its requests. */
  release(): void;
  /** Releases it and drops what may still arrive. */
  abandon(): void;
}

function endingOf(input: Parameters<GuardedFetch>[0], options: FetchOptions, policy: FetchPolicy): Ending {
  const own = options.signal === undefined && input instanceof Request ? input.signal : options.signal;
  const signals = own == null ? [policy.signal] : [policy.signal, own];
  const controller = new AbortController();
  const released = new AbortController();
  // An attempt may wait for any number of responses. Not 0, which `getMaxListeners` of Node 20 takes for none.
  setMaxListeners(Number.POSITIVE_INFINITY, ...signals);
  for (const signal of signals) {
    const end = () => controller.abort(signal.reason);
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true, signal: released.signal });
  }
  const abandon = () => {
    released.abort();
    controller.abort();
  };
  return { signal: controller.signal, release: () => released.abort(), abandon };
}

interface Call {
  readonly egress: Egress;
  readonly policy: FetchPolicy;
  readonly connectMs: number;
  readonly ending: Ending;
}

async function guardedFetch(input: Parameters<GuardedFetch>[0], options: FetchOptions, call: Call): Promise<Response> {
  const { signal, release } = call.ending;
  signal.throwIfAborted();
  const request = await outgoingOf(input, options, call.policy, signal);
  const progress = { isSent: false };
  const place = `${request.method} ${shownUrl(request.url)}`;
  const failure = (thrown: unknown) => fetchFailure(thrown, { place, connectMs: call.connectMs, ...progress });
  try {
    const { received, url, isRedirected } = await exchange(request, call, () => {
      progress.isSent = true;
    });
    return standardResponse(received, { url, isRedirected, signal, failure, release });
  } catch (thrown) {
    throw failure(thrown);
  }
}

interface Exchanged {
  readonly received: Received;
  readonly url: URL;
  readonly isRedirected: boolean;
}

async function exchange(first: Outgoing, { egress, policy, ending }: Call, onSending: () => void): Promise<Exchanged> {
  const dispatchers = (mayBePrivate: boolean) => egress.dispatcher(mayBePrivate).compose(watched(onSending));
  let request = first;
  for (let hops = 0; ; hops += 1) {
    const { mayBePrivate } = request.client ?? policy.checkHost(request.url.host);
    const received = await send(request, dispatchers(mayBePrivate), ending.signal);
    const next = redirectedOrCancelled(request, received);
    if (next === undefined) return { received, url: request.url, isRedirected: hops > 0 };
    if (hops === fetchLimits.redirects) throw tooManyRedirects(first.url);
    request = next;
  }
}

function send(
  { url, method, headers, body }: Outgoing,
  dispatcher: Dispatcher,
  signal: AbortSignal,
): ReturnType<typeof fetch> {
  return fetch(url, { method, headers: [...headers], body, redirect: 'manual', dispatcher, signal });
}

/** The body of a redirect is not read. */
function redirectedOrCancelled(request: Outgoing, received: Received): Outgoing | undefined {
  let isFinal = false;
  try {
    const next = redirectedRequest(request, received.status, received.headers.get('location'));
    isFinal = next === undefined;
    return next;
  } finally {
    if (!isFinal) void received.body?.cancel().catch(() => undefined);
  }
}

function tooManyRedirects(url: URL): LlmteamError {
  const message = `'${shownUrl(url)}' redirects more than ${fetchLimits.redirects} times`;
  return new LlmteamError('HTTP_FAILED', message, { recoverable: false });
}
