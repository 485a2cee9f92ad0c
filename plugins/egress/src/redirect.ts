/** The rules of redirects (RFC 9110, section 15.4) and what of a request is not for another origin. */
import { LlmteamError } from '@llmteam/contracts';
import { checkUrl } from './url.js';

const redirectStatuses: readonly number[] = [301, 302, 303, 307, 308];

/** Headers that describe a body, or a request with one. */
export const bodyHeaders: readonly string[] = [
  ...['content-type', 'content-encoding', 'content-language'],
  'idempotency-key',
];

/** The only headers sent to another origin: any other may be a credential. */
export const crossOriginHeaders: readonly string[] = ['accept', 'accept-encoding', 'accept-language', 'user-agent'];

export function isRedirect(status: number): boolean {
  return redirectStatuses.includes(status);
}

export function becomesGet(status: number, method: string): boolean {
  return status === 303 ? method !== 'HEAD' : status < 303 && method === 'POST';
}

/**
 * Where a `Location` leads, without its fragment; null if it is not a URL. `onlyOrigin` is the origin that requests of a client stay at.
 * @throws LlmteamError `EGRESS_BLOCKED`
 */
export function redirectedUrl(
  location: string | readonly string[],
  from: URL,
  onlyOrigin: string | undefined,
): URL | null {
  if (typeof location !== 'string' || !URL.canParse(location, from.href)) return null;
  const url = checkUrl(new URL(location, from.href));
  url.hash = '';
  if (onlyOrigin !== undefined && url.origin !== onlyOrigin) {
    throw new LlmteamError(
      'EGRESS_BLOCKED',
      `'${onlyOrigin}' redirects to '${url.origin}', which is not the origin of this client`,
    );
  }
  return url;
}
