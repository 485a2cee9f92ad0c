import { LlmteamError } from '@llmteam/contracts';
import { becomesGet, bodyHeaders, crossOriginHeaders, isRedirect, redirectedUrl, shownUrl } from '@llmteam/egress';
import type { HttpRequest } from './request.js';

/**
 * The request to send next (RFC 9110, section 15.4), or undefined if the response is not a redirect.
 * @throws LlmteamError `EGRESS_BLOCKED`, `HTTP_RESPONSE_INVALID`
 */
export function redirected(
  request: HttpRequest,
  status: number,
  location: string | string[] | undefined,
): HttpRequest | undefined {
  if (!isRedirect(status) || location === undefined) return undefined;
  const { target } = request;
  const url = redirectedUrl(location, target.url, target.onlyOrigin);
  if (url === null) {
    throw new LlmteamError('HTTP_RESPONSE_INVALID', `'${shownUrl(target.url)}' redirects to an invalid URL`);
  }
  const asGet = becomesGet(status, request.method);
  const sameOrigin = url.origin === target.url.origin;
  const keeps = (name: string) =>
    sameOrigin ? !(asGet && bodyHeaders.includes(name)) : crossOriginHeaders.includes(name);
  return {
    method: asGet ? 'GET' : request.method,
    target: { ...target, url },
    headers: new Map([...request.headers].filter(([name]) => keeps(name))),
    body: asGet || !sameOrigin ? null : request.body,
    isIdempotent: request.isIdempotent,
  };
}
