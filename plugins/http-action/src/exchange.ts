import { LlmteamError } from '@llmteam/contracts';
import { shownUrl, watched } from '@llmteam/egress';
import type { Dispatcher } from 'undici';
import type { ExpectedStatus } from './config.js';
import type { Limits } from './limits.js';
import { redirected } from './redirect.js';
import type { HttpRequest } from './request.js';
import { discardBody } from './response-body.js';
import { settingName } from './settings.js';
import { isExpected } from './status.js';

export interface Exchange {
  readonly dispatcher: Dispatcher;
  readonly limits: Limits;
  readonly signal: AbortSignal;
  readonly expected: ExpectedStatus | readonly ExpectedStatus[] | undefined;
  /** Called when a connection exists and the first byte of a request is about to be written to it. */
  readonly onSending: () => void;
}

/**
 * Sends a request and follows redirects. The caller must read or discard the body.
 * @throws LlmteamError `EGRESS_BLOCKED`, `HTTP_RESPONSE_INVALID`; connection errors unchanged.
 */
export async function send(request: HttpRequest, exchange: Exchange): Promise<Dispatcher.ResponseData> {
  const { limits, signal, expected } = exchange;
  const dispatcher = exchange.dispatcher.compose(watched(exchange.onSending));
  let current = request;
  for (let hop = 0; hop <= limits.redirects; hop += 1) {
    const { url } = current.target;
    const response = await dispatcher.request({
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method: current.method,
      headers: Object.fromEntries(current.headers),
      body: current.body,
      signal,
    });
    if (isExpected(response.statusCode, expected)) return response;
    const next = nextRequest(current, response);
    if (next === undefined) return response;
    discardBody(response);
    current = next;
  }
  const place = shownUrl(request.target.url);
  throw new LlmteamError(
    'HTTP_RESPONSE_INVALID',
    `'${place}' redirects more than ${limits.redirects} times, the limit ${settingName('redirects')}`,
  );
}

function nextRequest(request: HttpRequest, response: Dispatcher.ResponseData): HttpRequest | undefined {
  try {
    return redirected(request, response.statusCode, response.headers.location);
  } catch (thrown) {
    discardBody(response);
    throw thrown;
  }
}
