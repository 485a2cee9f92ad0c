/**
 * Purpose: secrets in the configuration: resolving `env:NAME` references, collecting and masking secret values.
 */
import { type Json, type JsonObject, LlmteamError } from '@llmteam/contracts';
import { credentialsIn, isSecretHeader } from '@llmteam/kernel';
import type { Config } from './config.js';

const referencePrefix = 'env:';
const mask = '***';

/** Whether a string under this key is a secret. Keys that end in `_ref` hold names. */
export function isSecretKey(key: string): boolean {
  return secretWord.test(key) && !key.endsWith('_ref');
}

const secretWord = /(api|audit)_?-?key|authorization|passw(or)?d|secret|token|credential|cookie/i;

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

/** The same for every string of an object, at any depth. */
export function revealAll(value: JsonObject, environment: Config['environment']): JsonObject {
  return walk(value, false, (text) => reveal(text, environment)) as JsonObject;
}

/** The same for a secret that may be absent: null then. */
export function revealed(text: string | undefined, { environment }: Pick<Config, 'environment'>): string | null {
  return text === undefined ? null : reveal(text, environment);
}

/** Every value that must not appear in logs and on terminals: values of `env:` references and literals under secret keys. */
export function knownSecrets(config: Pick<Config, 'file' | 'environment'>): string[] {
  const isKnown = (text: string, isSecret: boolean) => isSecret || text.startsWith(referencePrefix);
  return valuesIn(config, isKnown);
}

/** Every value that must not appear in what steps return: those under secret keys. A model's name is not one, even if it is a reference. */
export function secretValues(config: Pick<Config, 'file' | 'environment'>): string[] {
  return valuesIn(config, (_, isSecret) => isSecret);
}

/** The values of the chosen strings, with the credentials in them, and the passwords in addresses. Unset references have none. */
function valuesIn(
  { file, environment }: Pick<Config, 'file' | 'environment'>,
  isChosen: (text: string, isSecret: boolean) => boolean,
): string[] {
  const found = new Set<string>();
  walkFile(file, (text, isSecret) => {
    const isReference = text.startsWith(referencePrefix);
    const value = isReference ? (environment[text.slice(referencePrefix.length)] ?? '') : text;
    const words = isChosen(text, isSecret) ? [value, ...credentialsIn(value)] : [];
    for (const word of [...words, ...passwordIn(text)]) if (word !== '') found.add(word);
    return text;
  });
  return [...found];
}

/** The configuration for printing: references stay, literal secrets are masked. */
export function maskedConfig({ file }: Pick<Config, 'file'>): Json {
  return walkFile(file, (text, isSecret) => {
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

/** All but `plugins`, which has only names: those below `grant.secrets` are not secret. */
function walkFile(file: Config['file'], change: (text: string, isSecret: boolean) => string): JsonObject {
  const { plugins, ...rest } = file;
  const walked = walk(rest as Json, false, change) as JsonObject;
  const sections = Object.keys(file) as (keyof typeof file)[];
  return Object.fromEntries(sections.map((key) => [key, key === 'plugins' ? plugins : walked[key]])) as JsonObject;
}

/** Maps every string of a copy with `change`. Everything below `headers` or a secret key is secret, except names of tenants. */
function walk(
  value: Json,
  isSecret: boolean,
  change: (text: string, isSecret: boolean) => string,
  isKeySecret: (key: string) => boolean = isSecretKey,
): Json {
  if (typeof value === 'string') return change(value, isSecret);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item: Json) => walk(item, isSecret, change));
  const parts = Object.entries(value).map(([key, part]) => {
    if (key === 'tenants' && Array.isArray(part)) return [key, part] as const;
    return [key, walk(part, isSecret || isKeySecret(key), change, keyRuleBelow(key))] as const;
  });
  return Object.fromEntries(parts);
}

/** A client or model may be named like a secret. */
function keyRuleBelow(key: string): (key: string) => boolean {
  if (key === 'headers') return isSecretHeader;
  return key === 'clients' || key === 'llms' ? () => false : isSecretKey;
}
