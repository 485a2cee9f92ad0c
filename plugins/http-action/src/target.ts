import { LlmteamError, type StepContext } from '@llmteam/contracts';
import type { ScalarOrList } from './body-config.js';
import type { HttpActionConfig } from './config.js';

/** Where a request goes, and what the configured client adds to it. */
export interface Target {
  readonly url: URL;
  readonly clientHeaders: Readonly<Record<string, string>>;
  readonly allow_private_network: boolean;
  /** The origin that requests of a client must stay at, redirects included. */
  readonly onlyOrigin: string | undefined;
}

/** @throws LlmteamError `EGRESS_BLOCKED`, `STEP_CONFIG_INVALID`, `CONFIG_INVALID`, `UNKNOWN_REF` */
export function targetOf(config: HttpActionConfig, context: Pick<StepContext, 'client'>): Target {
  const { client_ref, url, path = '', query = {} } = config;
  if ((client_ref === undefined) === (url === undefined)) {
    throw new LlmteamError('STEP_CONFIG_INVALID', 'http_action: give exactly one of `client_ref` and `url`');
  }
  if (client_ref === undefined) {
    const base = parseUrl(url ?? '', 'STEP_CONFIG_INVALID', '`url`');
    const full = withQuery(joinPath(base, path), query);
    return { url: full, clientHeaders: {}, allow_private_network: false, onlyOrigin: undefined };
  }
  const client = context.client(client_ref);
  const base = parseUrl(client.base_url, 'CONFIG_INVALID', `base_url of client '${client_ref}'`);
  return {
    url: withQuery(joinPath(base, path), query),
    clientHeaders: client.headers,
    allow_private_network: client.allow_private_network,
    onlyOrigin: base.origin,
  };
}

/** The part of a URL that is safe to show: user info, query and fragment may contain secrets. */
export function shownUrl(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

/** @throws LlmteamError `EGRESS_BLOCKED` for schemes other than http and https, and for user info. */
export function checkUrl(url: URL): URL {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new LlmteamError('EGRESS_BLOCKED', `only http and https can be called, not '${url.protocol}'`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new LlmteamError(
      'EGRESS_BLOCKED',
      `the URL of '${url.host}' contains a user name or password; configure a client with a header instead`,
    );
  }
  return url;
}

function parseUrl(text: string, code: 'STEP_CONFIG_INVALID' | 'CONFIG_INVALID', place: string): URL {
  // The URL parser silently drops tabs and line breaks, so the checked URL would differ from the given one.
  if (hasControlCharacters(text) || !URL.canParse(text)) throw new LlmteamError(code, `${place} is not a URL`);
  return checkUrl(new URL(text));
}

function joinPath(base: URL, path: string): URL {
  if (path === '') return base;
  if (/[?#]/.test(path)) {
    throw new LlmteamError('STEP_CONFIG_INVALID', '`path` contains a `?` or `#`; put parameters into `query`');
  }
  if (leavesBase(path)) {
    throw new LlmteamError('EGRESS_BLOCKED', `\`path\` leaves '${shownUrl(base)}'`, { details: { host: base.host } });
  }
  const url = new URL(base);
  const root = base.pathname.endsWith('/') ? base.pathname.slice(0, -1) : base.pathname;
  url.pathname = `${root}/${path.startsWith('/') ? path.slice(1) : path}`;
  return url;
}

/** Whether it is an absolute URL, names a host, or contains `..` in any encoding that this or the next parser might decode. */
function leavesBase(path: string): boolean {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(path) || path.startsWith('//')) return true;
  if (path.includes('\\') || hasControlCharacters(path)) return true;
  const once = decoded(path);
  return [path, once, decoded(once)].some((spelling) => /(^|[\\/])\.\.([\\/]|$)/.test(spelling));
}

function decoded(path: string): string {
  return path.replaceAll(/%2e/gi, '.').replaceAll(/%2f/gi, '/').replaceAll(/%5c/gi, '\\').replaceAll(/%25/g, '%');
}

function hasControlCharacters(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit < 0x20 || unit === 0x7f) return true;
  }
  return false;
}

function withQuery(base: URL, query: Readonly<Record<string, ScalarOrList>>): URL {
  const url = new URL(base);
  for (const [key, value] of Object.entries(query)) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item !== null) url.searchParams.append(key, String(item));
    }
  }
  url.hash = '';
  return url;
}
