/** Checks settings whose schema only a plugin knows, with the place of every fault in the file. */
import { readFileSync } from 'node:fs';
import { type Json, type JsonObject, LlmteamError } from '@llmteam/contracts';
import { contractFaults, jsonNotation, locatedIn, makeAjv } from '@llmteam/kernel';
import type { Config } from './config.js';
import { referencedVariable } from './secrets.js';

export interface SettingsOfPlugin {
  /** `llms.draft` */
  readonly name: string;
  /** JSON Pointer in the configuration: `/llms/draft` */
  readonly pointer: string;
  readonly settings: JsonObject;
  readonly schema: JsonObject;
}

export interface CheckedSettings {
  /** With the variables that are set, and defaults. */
  readonly value: JsonObject;
  /** `file:line: <name>…`; nothing about variables that are not set. */
  readonly faults: readonly string[];
}

/** @throws LlmteamError `PLUGIN_INVALID` if the schema is none */
export function checkSettings({ name, pointer, settings, schema }: SettingsOfPlugin, config: Config): CheckedSettings {
  const value = withVariables(settings, config) as JsonObject;
  if (isValid(schema, value, name)) return { value, faults: [] };
  const faults = contractFaults(schema, value, name).flatMap(({ path, message }) => {
    const place = placeOf(`${pointer}${path}`, config);
    const variable = referencedVariable(valueAt(settings, path));
    if (variable === undefined) return `${place}${message}`;
    const isSet = (config.environment[variable] ?? '') !== '';
    // Not the message: it may quote the value, which may be a secret.
    const key = path.slice(1).replaceAll('/', '.');
    return isSet ? `${place}${name}: the value of ${variable} is not valid for '${key}'` : [];
  });
  return { value, faults };
}

/** @throws LlmteamError `CONFIG_INVALID` with all faults, if there are any */
export function refuseFaults(faults: readonly string[], config: Config): void {
  if (faults.length === 0) return;
  const what = config.path === null ? 'the environment' : `'${config.path}'`;
  throw new LlmteamError('CONFIG_INVALID', `${what} is not a valid configuration\n${faults.join('\n')}`);
}

function isValid(schema: JsonObject, value: JsonObject, name: string): boolean {
  try {
    return makeAjv({ strict: false, logger: false, useDefaults: true }).validate(schema, value);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new LlmteamError('PLUGIN_INVALID', `the schema that a plugin has for '${name}' is invalid: ${reason}`, {
      cause,
    });
  }
}

/** A copy in which references to variables that are set are replaced. */
function withVariables(value: Json, config: Config): Json {
  const variable = referencedVariable(value);
  if (variable !== undefined) return config.environment[variable] || value;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item: Json) => withVariables(item, config));
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, withVariables(part, config)]));
}

function valueAt(value: Json, pointer: string): Json | undefined {
  let at: Json | undefined = value;
  for (const token of pointer.split('/').slice(1)) {
    const key = token.replaceAll('~1', '/').replaceAll('~0', '~');
    at = typeof at === 'object' && at !== null ? (at as JsonObject)[key] : undefined;
  }
  return at;
}

/** `file:line: `, with the line of the value or of the object that lacks it. */
function placeOf(pointer: string, { path }: Config): string {
  if (path === null) return '';
  const locate = locatedIn(readFileSync(path, 'utf8'), jsonNotation);
  for (let at = pointer; at !== ''; at = at.slice(0, at.lastIndexOf('/'))) {
    const line = locate(at);
    if (line !== undefined) return `${path}:${line}: `;
  }
  return `${path}: `;
}
