/**
 * Purpose: `llmteam.config.json`: finding, checking and freezing it. The only file of this service that reads the environment.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type Json, JsonRecord, LlmteamError } from '@llmteam/contracts';
import { contract_faults, parse_json, type ResourceConfig } from '@llmteam/kernel';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { type Static, Type } from 'typebox';
import { system_reason } from './system-reason.js';

const strict = { additionalProperties: false } as const;
const named = <T extends import('typebox').TSchema>(schema: T) =>
  Type.Record(Type.String({ pattern: '^[A-Za-z0-9._-]+$' }), schema);

/** Strings of the form `env:NAME` stand for environment variables, read when they are first needed. */
export const ConfigFile = Type.Object(
  {
    $schema: Type.Optional(Type.String()),
    plugins: Type.Optional(
      Type.Array(Type.String(), {
        description: 'Plugin packages beyond the built-in ones: names, or paths from this file.',
      }),
    ),
    llms: Type.Optional(
      named(
        Type.Object(
          { provider: Type.String({ description: 'As `llmteam providers` lists them.' }) },
          { description: 'The other keys are those of the provider.' },
        ),
      ),
    ),
    clients: Type.Optional(
      named(
        Type.Object(
          {
            base_url: Type.String({ pattern: '^https?://' }),
            headers: Type.Optional(Type.Record(Type.String(), Type.String())),
            allow_private_network: Type.Optional(Type.Boolean({ default: false })),
          },
          strict,
        ),
      ),
    ),
    stores: Type.Optional(Type.Array(Type.String())),
    secrets: Type.Optional(named(Type.String({ pattern: '^env:[A-Za-z_][A-Za-z0-9_]*$' }))),
    settings: Type.Optional(named(JsonRecord)),
    synchronous: Type.Optional(
      Type.Enum(['full', 'relaxed'], {
        default: 'full',
        description: 'full: what was acknowledged survives a power cut. relaxed: it survives a crash of the process.',
      }),
    ),
    log_level: Type.Optional(Type.Enum(['debug', 'info', 'warn', 'error', 'silent'], { default: 'warn' })),
  },
  { ...strict, $id: 'LlmteamConfig', description: '`llmteam.config.json`' },
);
export type ConfigFile = Static<typeof ConfigFile>;

export const config_file_name = 'llmteam.config.json';

export interface Config {
  readonly file: ConfigFile;
  /** null: there is no configuration file. */
  readonly path: string | null;
  /** Plugins are looked for from here. */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

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
  if (path === null) return Object.freeze({ file: {}, path, folder: process.cwd(), environment });
  const file = check(path, parse(path, read(path)));
  return Object.freeze({ file, path, folder: dirname(resolve(path)), environment });
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

function check(path: string, value: unknown): ConfigFile {
  const ajv = new Ajv2020({ meta: false, validateSchema: false });
  if (ajv.validate(ConfigFile, value)) return value as ConfigFile;
  const faults = contract_faults(ConfigFile, value, 'configuration');
  throw new LlmteamError('CONFIG_INVALID', `'${path}' is not a valid configuration\n${faults.join('\n')}`);
}

/** What of the configuration handlers may ask for. */
export function resource_config(config: Config): ResourceConfig {
  const { llms = {}, clients = {}, stores = [], secrets = {} } = config.file;
  const whole_clients = Object.entries(clients).map(([name, client]) => {
    const headers = client.headers ?? {};
    return [
      name,
      { base_url: client.base_url, headers, allow_private_network: client.allow_private_network ?? false },
    ] as const;
  });
  return {
    llms: llms as ResourceConfig['llms'],
    clients: Object.fromEntries(whole_clients),
    stores,
    secrets,
    reveal: (text) => reveal(text, config.environment),
  };
}

/** `env:NAME` → the variable's value; any other text is itself. @throws LlmteamError `CONFIG_INVALID` if it is not set */
function reveal(text: string, environment: Config['environment']): string {
  if (!text.startsWith('env:')) return text;
  const name = text.slice('env:'.length);
  const value = environment[name];
  if (value !== undefined && value !== '') return value;
  throw new LlmteamError('CONFIG_INVALID', `the environment variable ${name} is not set; the configuration needs it`);
}
