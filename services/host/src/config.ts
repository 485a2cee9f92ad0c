/**
 * Purpose: the configuration of a process: `llmteam.config.json` and the variables that go before it, found, checked and frozen.
 * The only file of the services that reads the environment.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type Json, LlmteamError } from '@llmteam/contracts';
import { parse_json } from '@llmteam/kernel';
import { check_config } from './config-check.js';
import { ConfigFile } from './config-schema.js';
import { override, type SchemaNode } from './environment-overrides.js';
import { system_reason } from './system-reason.js';

export const config_file_name = 'llmteam.config.json';

export interface Config {
  /** The file, with what the environment says in its place. Sections that neither names are absent. */
  readonly file: ConfigFile;
  /** null: there is no configuration file. */
  readonly path: string | null;
  /** Plugins and files are looked for from here. */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Variables that look like ours and are none. */
  readonly unknown_variables: readonly string[];
}

type Section = 'log' | 'nats' | 'retention' | 'coordinator' | 'worker' | 'gateway';

/** What a service process is configured with: every section is there. */
export type ServiceConfig = Config & { readonly file: ConfigFile & Required<Pick<ConfigFile, Section>> };

/** The nearest configuration file from a folder upwards. */
export function find_config(from_folder: string): string | null {
  for (let folder = resolve(from_folder); ; folder = dirname(folder)) {
    const path = join(folder, config_file_name);
    if (existsSync(path)) return path;
    if (folder === dirname(folder)) return null;
  }
}

/** @throws LlmteamError `FILE_UNREADABLE`, `JSON_INVALID` or `CONFIG_INVALID` with every problem */
export function load_config(path: string | null, environment: Config['environment'] = process.env): Config {
  const written = path === null ? {} : parse(path, read(path));
  const { value, given_by, unknown } = override(written, ConfigFile as SchemaNode, environment);
  const is_bare = path === null && given_by.size === 0;
  const file = is_bare ? {} : check_config(path === null ? 'the environment' : `'${path}'`, value, given_by);
  const folder = path === null ? process.cwd() : dirname(resolve(path));
  return Object.freeze({ file, path, folder, environment, unknown_variables: unknown });
}

/** Of what was loaded, with the defaults of every section. */
export function service_config(config: Config): ServiceConfig {
  const sections = { log: {}, nats: {}, retention: {}, coordinator: {}, worker: {}, gateway: {}, ...config.file };
  const file = check_config('the configuration', structuredClone(sections), new Map());
  return Object.freeze({ ...config, file }) as ServiceConfig;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new LlmteamError('FILE_UNREADABLE', `cannot read the configuration '${path}': ${system_reason(cause)}`, {
      cause,
    });
  }
}

function parse(path: string, text: string): Json {
  try {
    return parse_json(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new LlmteamError('JSON_INVALID', `'${path}': ${reason}`, { cause });
  }
}
