/**
 * Purpose: determines from the command line and the environment which gateway a command talks to.
 * Owns: which options exclude each other. Invariant: the key never appears in a message.
 */
import { LlmteamError } from '@llmteam/contracts';
import type { Environment } from '../environment.js';

/** A gateway and the API key, which determines the tenant. */
export interface Gateway {
  /** Without a trailing slash. */
  readonly url: string;
  readonly key: string;
  /** `--url` as given, for suggested commands; undefined if the URL comes from the environment. */
  readonly urlOption: string | undefined;
}

/** The options of a command line that select a gateway or the local stores. */
export interface GatewayOptions {
  readonly url?: string;
  readonly key?: string;
  /** Options given that apply only to local stores, e.g. `--home`. */
  readonly local: readonly string[];
}

const variablePrefix = 'env:';

/** @throws LlmteamError `USAGE` */
export function gatewayOf(options: GatewayOptions, environment: Environment): Gateway {
  const [local] = options.local;
  if (local === '--tenant') {
    throw usage(
      '--tenant cannot be used with a gateway, where the API key determines the tenant; omit --tenant or --url',
    );
  }
  if (local === '--nats')
    throw usage('--nats selects an installation and cannot be used with a gateway; omit --nats or --url');
  if (local !== undefined)
    throw usage(`${local} selects the local stores and cannot be used with a gateway; omit ${local} or --url`);
  const url = baseOf(options.url ?? environment.gatewayUrl ?? '', options.url === undefined ? '$LLMTEAM_URL' : '--url');
  return { url, key: keyOf(options.key, environment), urlOption: options.url };
}

/** Whether the key would be sent unencrypted over a network. */
export function isUnencrypted(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  if (protocol !== 'http:') return false;
  const isLoopback = hostname === 'localhost' || hostname.endsWith('.localhost') || hostname === '[::1]';
  return !isLoopback && !/^127(\.[0-9]+){3}$/.test(hostname);
}

function baseOf(text: string, where: string): string {
  const address = URL.canParse(text) ? new URL(text) : null;
  if (address?.protocol !== 'http:' && address?.protocol !== 'https:') {
    throw usage(`${where} must be a URL that starts with http:// or https://`);
  }
  if (address.username !== '' || address.password !== '' || address.search !== '' || address.hash !== '') {
    throw usage(`${where} must not contain a user, a query or a fragment`);
  }
  return address.href.replace(/\/+$/, '');
}

function keyOf(option: string | undefined, { gatewayKey, variables }: Environment): string {
  const from = option?.startsWith(variablePrefix) === true ? option.slice(variablePrefix.length) : null;
  const key = (from === null ? (option ?? gatewayKey) : variables[from])?.trim() ?? '';
  if (key === '' && from !== null) throw usage(`--key names the variable ${from}, which is not set`);
  if (key === '')
    throw usage('a gateway requires an API key: set $LLMTEAM_KEY, or name a variable with --key env:NAME');
  if (!/^[\x21-\x7e]+$/.test(key)) throw usage('the API key contains characters that no key has');
  return key;
}

function usage(message: string): LlmteamError {
  return new LlmteamError('USAGE', message);
}
