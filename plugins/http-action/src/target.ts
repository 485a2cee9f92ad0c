import { LlmteamError, type StepContext } from '@llmteam/contracts';
import { checkUrl, hasControlCharacters, joinPath, leavesBase, shownUrl } from '@llmteam/egress';
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
    const full = withQuery(withPath(base, path), query);
    return { url: full, clientHeaders: {}, allow_private_network: false, onlyOrigin: undefined };
  }
  const client = context.client(client_ref);
  const base = parseUrl(client.base_url, 'CONFIG_INVALID', `base_url of client '${client_ref}'`);
  return {
    url: withQuery(withPath(base, path), query),
    clientHeaders: client.headers,
    allow_private_network: client.allow_private_network,
    onlyOrigin: base.origin,
  };
}

function parseUrl(text: string, code: 'STEP_CONFIG_INVALID' | 'CONFIG_INVALID', place: string): URL {
  if (hasControlCharacters(text) || !URL.canParse(text)) throw new LlmteamError(code, `${place} is not a URL`);
  return checkUrl(new URL(text));
}

function withPath(base: URL, path: string): URL {
  if (path === '') return base;
  if (/[?#]/.test(path)) {
    throw new LlmteamError('STEP_CONFIG_INVALID', '`path` contains a `?` or `#`; put parameters into `query`');
  }
  if (leavesBase(path)) {
    throw new LlmteamError('EGRESS_BLOCKED', `\`path\` leaves '${shownUrl(base)}'`, { details: { host: base.host } });
  }
  return joinPath(base, path);
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
