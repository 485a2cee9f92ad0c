import { LlmteamError } from '@llmteam/contracts';
import type { Outgoing } from './outgoing.js';
import { becomesGet, bodyHeaders, crossOriginHeaders, isRedirect, redirectedUrl } from './redirect.js';
import { shownUrl } from './url.js';

/**
 * The request to send after a response, or undefined if the handler gets this one. Another origin gets the body that `fetch` sends it by
 * the standard, and no header that may be a credential.
 * @throws LlmteamError `EGRESS_BLOCKED`, `HTTP_FAILED`
 */
export function redirectedRequest(request: Outgoing, status: number, location: string | null): Outgoing | undefined {
  if (request.redirect === 'manual' || !isRedirect(status) || location === null) return undefined;
  if (request.redirect === 'error') throw unusable(request.url, 'redirects, and `redirect` is `error`');
  const url = redirectedUrl(location, request.url, request.client?.origin);
  if (url === null) throw unusable(request.url, 'redirects to an invalid URL');
  const asGet = becomesGet(status, request.method);
  const isCredential = (name: string) => url.origin !== request.url.origin && !crossOriginHeaders.includes(name);
  const keeps = (name: string) =>
    bodyHeaders.includes(name) ? !asGet && !isForeignKey(name, url, request) : !isCredential(name);
  return {
    ...request,
    url,
    method: asGet ? 'GET' : request.method,
    headers: new Map([...request.headers].filter(([name]) => keeps(name))),
    body: asGet ? null : request.body,
  };
}

/** The key by which one service knows the request says nothing to another. */
function isForeignKey(name: string, url: URL, { url: from }: Outgoing): boolean {
  return name === 'idempotency-key' && url.origin !== from.origin;
}

function unusable(url: URL, problem: string): LlmteamError {
  return new LlmteamError('HTTP_FAILED', `'${shownUrl(url)}' ${problem}`, { recoverable: false });
}
