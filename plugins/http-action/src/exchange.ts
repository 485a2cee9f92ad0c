import { LlmteamError } from '@llmteam/contracts';
import type { Dispatcher } from 'undici';
import type { ExpectedStatus } from './config.js';
import type { Limits } from './limits.js';
import { redirected } from './redirect.js';
import type { HttpRequest } from './request.js';
import { discardBody } from './response-body.js';
import { settingName } from './settings.js';
import { isExpected } from './status.js';
import { shownUrl } from './target.js';

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

/**
 * undici calls the handler's first member when it has a connection and is about to write the request. Its own handlers still have the
 * older of the two; its `DecoratorHandler` translates, but does not survive interim answers.
 */
function watched(onSending: () => void): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (options, handler) => {
    const { onConnect, onRequestStart } = handler;
    if (onConnect !== undefined) {
      handler.onConnect = (...args) => {
        onSending();
        onConnect.apply(handler, args);
      };
    }
    if (onRequestStart !== undefined) {
      handler.onRequestStart = (...args) => {
        onSending();
        onRequestStart.apply(handler, args);
      };
    }
    return dispatch(options, handler);
  };
}

function nextRequest(request: HttpRequest, response: Dispatcher.ResponseData): HttpRequest | undefined {
  try {
    return redirected(request, response.statusCode, response.headers.location);
  } catch (thrown) {
    discardBody(response);
    throw thrown;
  }
}
