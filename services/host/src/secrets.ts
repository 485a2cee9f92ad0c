/**
 * Purpose: secrets in the configuration: resolving `env:NAME` references, collecting and masking secret values.
 */
import { type Json, LlmteamError } from '@llmteam/contracts';
import type { Config } from './config.js';

const referencePrefix = 'env:';
const mask = '***';

/** Shorter values are not real secrets, and redacting them would garble every line. */
const shortestSecret = 4;

/** Whether a string under this key is a secret. Keys that end in `_ref` hold names. */
export function isSecretKey(key: string): boolean {
  return secretWord.test(key) && !key.endsWith('_ref');
}

const secretWord = /api_?-?key|authorization|passw(or)?d|secret|token|credential|cookie/i;

/** `env:NAME` → `NAME`; undefined for anything else. */
export function referencedVariable(value: Json | undefined): string | undefined {
  return typeof value === 'string' && value.startsWith(referencePrefix)
    ? value.slice(referencePrefix.length)
    : undefined;
}

/** Resolves `env:NAME` to the variable's value; returns other text as is. @throws LlmteamError `CONFIG_INVALID` if it is not set */
export function reveal(text: string, environment: Config['environment']): string {
  const name = referencedVariable(text);
  if (name === undefined) return text;
  const value = environment[name];
  if (value !== undefined && value !== '') return value;
  throw new LlmteamError('CONFIG_INVALID', `the environment variable ${name} is not set; the configuration needs it`);
}

/** The same for a secret that may be absent: null then. */
export function revealed(text: string | undefined, { environment }: Pick<Config, 'environment'>): string | null {
  return text === undefined ? null : reveal(text, environment);
}

/** Every value that must not appear in output: values of `env:` references and literals under secret keys. */
export function knownSecrets({ file, environment }: Pick<Config, 'file' | 'environment'>): string[] {
  const found = new Set<string>();
  walk(file as Json, false, (text, isSecret) => {
    const written = isSecret ? text : '';
    const value = text.startsWith(referencePrefix) ? (environment[text.slice(referencePrefix.length)] ?? '') : written;
    for (const word of [value, ...credentialsIn(value), ...passwordIn(text)]) {
      if (word.length >= shortestSecret) found.add(word);
    }
    return text;
  });
  return [...found];
}

/** The configuration for printing: references stay, literal secrets are masked. */
export function maskedConfig({ file }: Pick<Config, 'file'>): Json {
  return walk(file as Json, false, (text, isSecret) => {
    if (isSecret && !text.startsWith(referencePrefix)) return mask;
    return text.replace(inAddress, (_, scheme: string) => `${scheme}${mask}@`);
  });
}

/** `nats://user:password@host` */
const inAddress = /^([a-z]+:\/\/)([^@/]+)@/;

/** The part after the user name, or all of it if it is a token. */
function passwordIn(address: string): string[] {
  const [, , userInfo] = inAddress.exec(address) ?? [];
  return userInfo === undefined ? [] : [userInfo.slice(userInfo.indexOf(':') + 1)];
}

/** For `Bearer abc` the secret is `abc`. */
function credentialsIn(value: string): string[] {
  const [, credentials] = /^(?:bearer|basic|token)\s+(\S{8,})$/i.exec(value) ?? [];
  return credentials === undefined ? [] : [credentials];
}

/** Maps every string of a copy with `change`. Everything below `headers` or a secret key is secret. */
function walk(value: Json, isSecret: boolean, change: (text: string, isSecret: boolean) => string): Json {
  if (typeof value === 'string') return change(value, isSecret);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item: Json) => walk(item, isSecret, change));
  const parts = Object.entries(value).map(([key, part]) => {
    return [key, walk(part, isSecret || key === 'headers' || isSecretKey(key), change)] as const;
  });
  return Object.fromEntries(parts);
}
