import { LlmteamError } from '@llmteam/contracts';
import type { HttpRequest } from './request.js';
import { check_url, shown_url } from './target.js';

const redirect_statuses: readonly number[] = [301, 302, 303, 307, 308];
const body_headers: readonly string[] = ['content-type', 'content-encoding', 'content-language', 'idempotency-key'];
/** All that another origin is told: any other header may be a credential. */
const harmless_headers: readonly string[] = ['accept', 'accept-encoding', 'accept-language', 'user-agent'];

/**
 * The request that a redirect asks for, after RFC 9110 section 15.4; undefined if the answer is none.
 * @throws LlmteamError `EGRESS_BLOCKED`, `HTTP_RESPONSE_INVALID`
 */
export function redirected(
  request: HttpRequest,
  status: number,
  location: string | string[] | undefined,
): HttpRequest | undefined {
  if (!redirect_statuses.includes(status) || location === undefined) return undefined;
  const { target } = request;
  const url = next_url(location, target.url);
  if (target.only_origin !== undefined && url.origin !== target.only_origin) {
    throw new LlmteamError(
      'EGRESS_BLOCKED',
      `'${target.only_origin}' redirects to '${url.origin}', which is not of this client`,
    );
  }
  const as_get = status === 303 ? request.method !== 'HEAD' : status < 303 && request.method === 'POST';
  const same_origin = url.origin === target.url.origin;
  const keeps = (name: string) =>
    same_origin ? !(as_get && body_headers.includes(name)) : harmless_headers.includes(name);
  return {
    method: as_get ? 'GET' : request.method,
    target: { ...target, url },
    headers: new Map([...request.headers].filter(([name]) => keeps(name))),
    body: as_get || !same_origin ? null : request.body,
  };
}

function next_url(location: string | string[], from: URL): URL {
  if (typeof location !== 'string' || !URL.canParse(location, from.href)) {
    throw new LlmteamError('HTTP_RESPONSE_INVALID', `'${shown_url(from)}' redirects to something that is not a URL`);
  }
  const url = check_url(new URL(location, from.href));
  url.hash = '';
  return url;
}
