/**
 * Purpose: secrets in the configuration: `env:NAME` handles, which values must never be seen, and the configuration with them masked.
 */
import { type Json, LlmteamError } from '@llmteam/contracts';
import type { Config } from './config.js';

const handle = 'env:';
const mask = '***';

/** Shorter ones would black out half of every line, and are none. */
const shortestSecret = 4;

/** Whether a text under such a key is a secret. Keys that end in `_ref` hold names. */
export function isSecretKey(key: string): boolean {
  return secretWord.test(key) && !key.endsWith('_ref');
}

const secretWord = /api_?-?key|authorization|passw(or)?d|secret|token|credential|cookie/i;

/** `env:NAME` → the variable's value; any other text is itself. @throws LlmteamError `CONFIG_INVALID` if it is not set */
export function reveal(text: string, environment: Config['environment']): string {
  if (!text.startsWith(handle)) return text;
  const name = text.slice(handle.length);
  const value = environment[name];
  if (value !== undefined && value !== '') return value;
  throw new LlmteamError('CONFIG_INVALID', `the environment variable ${name} is not set; the configuration needs it`);
}

/** Every value that must not appear anywhere: those behind handles, and those written into the file under a secret's key. */
export function knownSecrets({ file, environment }: Pick<Config, 'file' | 'environment'>): string[] {
  const found = new Set<string>();
  walk(file as Json, false, (text, isSecret) => {
    const written = isSecret ? text : '';
    const value = text.startsWith(handle) ? (environment[text.slice(handle.length)] ?? '') : written;
    for (const word of [value, ...credentialsIn(value), ...passwordIn(text)]) {
      if (word.length >= shortestSecret) found.add(word);
    }
    return text;
  });
  return [...found];
}

/** As it may be printed: handles stay, the secrets written into it are masked. */
export function maskedConfig({ file }: Pick<Config, 'file'>): Json {
  return walk(file as Json, false, (text, isSecret) => {
    if (isSecret && !text.startsWith(handle)) return mask;
    return text.replace(inAddress, (_, scheme: string) => `${scheme}${mask}@`);
  });
}

/** `nats://user:password@host` */
const inAddress = /^([a-z]+:\/\/)([^@/]+)@/;

/** What stands after the user's name, or alone: then it is a token. */
function passwordIn(address: string): string[] {
  const [, , userInfo] = inAddress.exec(address) ?? [];
  return userInfo === undefined ? [] : [userInfo.slice(userInfo.indexOf(':') + 1)];
}

/** `Bearer abc` is told by `abc` alone. */
function credentialsIn(value: string): string[] {
  const [, credentials] = /^(?:bearer|basic|token)\s+(\S{8,})$/i.exec(value) ?? [];
  return credentials === undefined ? [] : [credentials];
}

/** A copy in which every text is what `change` makes of it. All that is below `headers` or a secret's key counts as secret. */
function walk(value: Json, isSecret: boolean, change: (text: string, isSecret: boolean) => string): Json {
  if (typeof value === 'string') return change(value, isSecret);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item: Json) => walk(item, isSecret, change));
  const parts = Object.entries(value).map(([key, part]) => {
    return [key, walk(part, isSecret || key === 'headers' || isSecretKey(key), change)] as const;
  });
  return Object.fromEntries(parts);
}
