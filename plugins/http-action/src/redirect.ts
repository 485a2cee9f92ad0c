import { LlmteamError } from '@llmteam/contracts';
import type { HttpRequest } from './request.js';
import { checkUrl, shownUrl } from './target.js';

const redirectStatuses: readonly number[] = [301, 302, 303, 307, 308];
const bodyHeaders: readonly string[] = ['content-type', 'content-encoding', 'content-language', 'idempotency-key'];
/** The only headers sent to another origin: any other may be a credential. */
const crossOriginHeaders: readonly string[] = ['accept', 'accept-encoding', 'accept-language', 'user-agent'];

/**
 * The request to send next (RFC 9110, section 15.4), or undefined if the response is not a redirect.
 * @throws LlmteamError `EGRESS_BLOCKED`, `HTTP_RESPONSE_INVALID`
 */
export function redirected(
  request: HttpRequest,
  status: number,
  location: string | string[] | undefined,
): HttpRequest | undefined {
  if (!redirectStatuses.includes(status) || location === undefined) return undefined;
  const { target } = request;
  const url = nextUrl(location, target.url);
  if (target.onlyOrigin !== undefined && url.origin !== target.onlyOrigin) {
    throw new LlmteamError(
      'EGRESS_BLOCKED',
      `'${target.onlyOrigin}' redirects to '${url.origin}', which is not the origin of this client`,
    );
  }
  const becomesGet = status === 303 ? request.method !== 'HEAD' : status < 303 && request.method === 'POST';
  const sameOrigin = url.origin === target.url.origin;
  const keeps = (name: string) =>
    sameOrigin ? !(becomesGet && bodyHeaders.includes(name)) : crossOriginHeaders.includes(name);
  return {
    method: becomesGet ? 'GET' : request.method,
    target: { ...target, url },
    headers: new Map([...request.headers].filter(([name]) => keeps(name))),
    body: becomesGet || !sameOrigin ? null : request.body,
    isIdempotent: request.isIdempotent,
  };
}

function nextUrl(location: string | string[], from: URL): URL {
  if (typeof location !== 'string' || !URL.canParse(location, from.href)) {
    throw new LlmteamError('HTTP_RESPONSE_INVALID', `'${shownUrl(from)}' redirects to an invalid URL`);
  }
  const url = checkUrl(new URL(location, from.href));
  url.hash = '';
  return url;
}
