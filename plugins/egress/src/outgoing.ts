/**
 * Purpose: what a handler asks `fetch` for, as one request that can be sent.
 * Invariants:
 *  O1 each argument is read once: what is checked is what is sent
 *  O2 the request of a client goes below its `base_url` with its headers, which win over those of the handler
 *  O3 no message shows a query or the value of a header
 */
import { type FetchOptions, type GuardedFetch, type HttpClientConfig, LlmteamError } from '@llmteam/contracts';
import { bufferedBody } from './buffered-body.js';
import type { FetchPolicy } from './guarded-fetch-options.js';
import { headerFault } from './request-headers.js';
import { checkUrl, isAbsolute, joinPath, leavesBase, rootOf, shownUrl } from './url.js';

type Input = Parameters<GuardedFetch>[0];

/** The part of a client that a request keeps on redirects. */
interface ClientBounds {
  readonly origin: string;
  readonly mayBePrivate: boolean;
}

export interface Outgoing {
  readonly method: string;
  /** Without a fragment. */
  readonly url: URL;
  /** Keyed by lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Uint8Array | null;
  readonly redirect: Request['redirect'];
  readonly client: ClientBounds | null;
}

/** @throws LlmteamError `EGRESS_BLOCKED`, `UNKNOWN_REF`, `PERMISSION_DENIED`, `CONFIG_INVALID`, `LIMIT_EXCEEDED`; TypeError as `Request` does */
export async function outgoingOf(
  input: Input,
  { client: ref, headers: own, ...init }: FetchOptions,
  policy: FetchPolicy,
  signal: AbortSignal,
): Promise<Outgoing> {
  const address = input instanceof Request ? input.url : String(input);
  const client = ref === undefined ? null : policy.client(ref);
  const base = client && baseUrl(client, ref ?? '');
  const url = base === null ? publicUrl(address) : urlOfClient(base, address);
  url.hash = '';
  const given = own === undefined ? init : { ...init, headers: readHeaders(own) };
  const request = new Request(input instanceof Request ? input : url, given);
  if (request.integrity !== '') throw new TypeError('`integrity` is not supported by this fetch');
  const headers = headersOf(request, client);
  const place = `${request.method} ${shownUrl(url)}`;
  return {
    method: request.method,
    url,
    headers,
    body: await bufferedBody(request, place, signal),
    redirect: request.redirect,
    client: base && { origin: base.origin, mayBePrivate: client?.allow_private_network === true },
  };
}

function baseUrl({ base_url }: HttpClientConfig, ref: string): URL {
  if (!URL.canParse(base_url)) throw new LlmteamError('CONFIG_INVALID', `base_url of client '${ref}' is not a URL`);
  return checkUrl(new URL(base_url));
}

function publicUrl(address: string): URL {
  // The error of the URL parser repeats the whole text.
  if (!URL.canParse(address)) throw new TypeError('fetch: not an absolute URL; a path needs the option `client`');
  return checkUrl(new URL(address));
}

/** A path, or an absolute URL that already lies below the base, such as that of a Request. */
function urlOfClient(base: URL, address: string): URL {
  const [path, search] = isAbsolute(address) ? pathBelow(base, address) : splitQuery(address);
  if (path === null || leavesBase(path)) {
    const details = { host: base.host };
    throw new LlmteamError('EGRESS_BLOCKED', `the path leaves '${shownUrl(base)}', the base_url of the client`, {
      details,
    });
  }
  const url = path === '' ? new URL(base) : joinPath(base, path);
  url.search = [base.search.slice(1), search].filter((part) => part !== '').join('&');
  return url;
}

function splitQuery(address: string): [path: string, search: string] {
  const [, path = '', search = ''] = /^([^?#]*)(?:\?([^#]*))?/.exec(address) ?? [];
  return [path, search];
}

function pathBelow(base: URL, address: string): [path: string | null, search: string] {
  const url = publicUrl(address);
  const root = rootOf(base);
  const isBelow = url.origin === base.origin && (url.pathname === root || url.pathname.startsWith(`${root}/`));
  return [isBelow ? url.pathname.slice(root.length) : null, url.search.slice(1)];
}

function readHeaders(own: NonNullable<FetchOptions['headers']>): Headers {
  try {
    return new Headers(own);
  } catch (cause) {
    // The message of the cause repeats the value.
    throw new TypeError('fetch: the name or the value of a header is not valid', { cause });
  }
}

function headersOf(request: Request, client: HttpClientConfig | null) {
  const headers = new Map([['user-agent', 'llmteam']]);
  for (const [name, value] of request.headers) addHeader(headers, name, value, 'EGRESS_BLOCKED');
  for (const [name, value] of Object.entries(client?.headers ?? {})) addHeader(headers, name, value, 'CONFIG_INVALID');
  return headers;
}

function addHeader(
  headers: Map<string, string>,
  name: string,
  value: string,
  code: 'EGRESS_BLOCKED' | 'CONFIG_INVALID',
): void {
  const fault = headerFault(name, value, 'fetch');
  if (fault !== null) throw new LlmteamError(code, fault);
  headers.set(name.toLowerCase(), value);
}
