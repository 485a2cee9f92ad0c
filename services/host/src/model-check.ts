/**
 * Purpose: checks the entries of `llms` against the schemas of their providers, which only the plugins know.
 * Does not own: unset variables (`llmteam providers` shows them).
 */
import { readFileSync } from 'node:fs';
import { type Json, type JsonObject, LlmteamError, type Logger, type ModelProvider } from '@llmteam/contracts';
import { ClosestName, contractFaults, jsonNotation, locatedIn, makeAjv } from '@llmteam/kernel';
import type { Config } from './config.js';
import { referencedVariable } from './secrets.js';

/** @throws LlmteamError `CONFIG_INVALID` listing every problem as `file:line: llms.<ref>: …` */
export function checkModels(config: Config, providers: ReadonlyMap<string, ModelProvider>): void {
  const lines = Object.entries(config.file.llms ?? {}).flatMap(([ref, entry]) => {
    // Who may use a model is not the provider's business.
    const { provider, tenants: _, ...settings } = entry as JsonObject & { readonly provider: string };
    const schema = providers.get(provider)?.config_schema;
    return schema === undefined ? [] : faultsOf(ref, settings, schema, config);
  });
  if (lines.length === 0) return;
  const what = config.path === null ? 'the environment' : `'${config.path}'`;
  throw new LlmteamError('CONFIG_INVALID', `${what} is not a valid configuration\n${lines.join('\n')}`);
}

/** A step that names such a model fails; until then the entry harms nobody, and its plugin may be about to be installed. */
export function warnOfProviders(config: Config, providers: ReadonlyMap<string, ModelProvider>, log: Logger): void {
  for (const [ref, { provider }] of Object.entries(config.file.llms ?? {})) {
    if (providers.has(provider)) continue;
    const meant = new ClosestName().find(provider, providers.keys());
    const hint = meant === undefined ? `known: ${[...providers.keys()].join(', ')}` : `did you mean '${meant}'?`;
    log.warn(
      { llm_ref: ref, provider },
      `llms.${ref} names the provider '${provider}', which no plugin provides; ${hint}`,
    );
  }
}

function faultsOf(ref: string, settings: JsonObject, schema: JsonObject, config: Config): string[] {
  const revealed = withVariables(settings, config);
  if (makeAjv({ strict: false, logger: false }).validate(schema, revealed)) return [];
  const name = `llms.${ref}`;
  return contractFaults(schema, revealed, name).flatMap(({ path, message }) => {
    const variable = referencedVariable(valueAt(settings, path));
    if (variable === undefined) return `${placeOf(`/llms/${ref}${path}`, config)}${message}`;
    const isSet = (config.environment[variable] ?? '') !== '';
    // Not the message: it may quote the value, which may be a secret.
    const key = path.slice(1).replaceAll('/', '.');
    return isSet
      ? `${placeOf(`/llms/${ref}${path}`, config)}${name}: the value of ${variable} is not valid for '${key}'`
      : [];
  });
}

/** Replaces references to variables that are set. */
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
