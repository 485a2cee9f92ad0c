/**
 * Purpose: which gateway a command is for, from the command line and the environment.
 * Owns: what goes together and what does not. The key is never part of a message.
 */
import { LlmteamError } from '@llmteam/contracts';
import type { Environment } from '../environment.js';

/** A gateway, and the key that says whose runs are meant. */
export interface Gateway {
  /** Without a slash at its end. */
  readonly url: string;
  readonly key: string;
  /** `--url` as the user must give it again; undefined: the environment says it. */
  readonly urlOption: string | undefined;
}

/** What of a command line speaks of a gateway, or of the store in its place. */
export interface GatewayOptions {
  readonly url?: string;
  readonly key?: string;
  /** Options that were given and that a gateway has no use for, as they are written. */
  readonly local: readonly string[];
}

const handle = 'env:';

/** @throws LlmteamError `USAGE` */
export function gatewayOf(options: GatewayOptions, environment: Environment): Gateway {
  const [local] = options.local;
  if (local === '--tenant') {
    throw usage(
      "--tenant is for the store here: at a gateway the key says whose runs they are; leave one of '--tenant' and '--url' out",
    );
  }
  if (local !== undefined)
    throw usage(`${local} is for the store here, and a gateway is asked; leave one of the two out`);
  const url = baseOf(options.url ?? environment.gatewayUrl ?? '', options.url === undefined ? '$LLMTEAM_URL' : '--url');
  return { url, key: keyOf(options.key, environment), urlOption: options.url };
}

/** Whether the address lets others read along: the key travels as it is. */
export function isInTheClear(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  if (protocol !== 'http:') return false;
  const isLoopback = hostname === 'localhost' || hostname.endsWith('.localhost') || hostname === '[::1]';
  return !isLoopback && !/^127(\.[0-9]+){3}$/.test(hostname);
}

function baseOf(text: string, where: string): string {
  const address = URL.canParse(text) ? new URL(text) : null;
  if (address?.protocol !== 'http:' && address?.protocol !== 'https:') {
    throw usage(`${where} must be an address that begins with http:// or https://`);
  }
  if (address.username !== '' || address.password !== '' || address.search !== '' || address.hash !== '') {
    throw usage(`${where} must be an address without a user, a query and a fragment`);
  }
  return address.href.replace(/\/+$/, '');
}

function keyOf(option: string | undefined, { gatewayKey, variables }: Environment): string {
  const from = option?.startsWith(handle) === true ? option.slice(handle.length) : null;
  const key = (from === null ? (option ?? gatewayKey) : variables[from])?.trim() ?? '';
  if (key === '' && from !== null) throw usage(`--key names the variable ${from}, which is not set`);
  if (key === '') throw usage('a gateway asks for a key: set $LLMTEAM_KEY, or name a variable with --key env:NAME');
  if (!/^[\x21-\x7e]+$/.test(key)) throw usage('the key of the gateway has characters that no key has');
  return key;
}

function usage(message: string): LlmteamError {
  return new LlmteamError('USAGE', message);
}
