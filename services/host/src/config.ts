/**
 * Purpose: loads, validates and freezes a process's configuration: `llmteam.config.json` with overrides from the environment.
 * The only place in the services that reads the environment.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type Json, LlmteamError } from '@llmteam/contracts';
import { parseJson } from '@llmteam/kernel';
import { checkConfig } from './config-check.js';
import { ConfigFile } from './config-schema.js';
import { override, type SchemaNode } from './environment-overrides.js';
import { systemReason } from './system-reason.js';

export const configFileName = 'llmteam.config.json';

export interface Config {
  /** The file with overrides from the environment. Sections that neither mentions are absent. */
  readonly file: ConfigFile;
  /** Null if there is no configuration file. */
  readonly path: string | null;
  /** Plugins and relative paths are resolved from here. */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Environment variables with our prefix that match no key. */
  readonly unknownVariables: readonly string[];
}

type Section = 'log' | 'metrics' | 'nats' | 'retention' | 'coordinator' | 'worker' | 'gateway';

/** The effective configuration of a service process, with every section present. */
export type ServiceConfig = Config & { readonly file: ConfigFile & Required<Pick<ConfigFile, Section>> };

/** Finds the nearest configuration file from a folder upwards. */
export function findConfig(fromFolder: string): string | null {
  for (let folder = resolve(fromFolder); ; folder = dirname(folder)) {
    const path = join(folder, configFileName);
    if (existsSync(path)) return path;
    if (folder === dirname(folder)) return null;
  }
}

/** @throws LlmteamError `FILE_UNREADABLE`, `JSON_INVALID`, or `CONFIG_INVALID` listing every problem */
export function loadConfig(path: string | null, environment: Config['environment'] = process.env): Config {
  const written = path === null ? {} : parse(path, read(path));
  const { value, givenBy, unknown } = override(written, ConfigFile as SchemaNode, environment);
  const isBare = path === null && givenBy.size === 0;
  const file = isBare ? {} : checkConfig(path === null ? 'the environment' : `'${path}'`, value, givenBy);
  const folder = path === null ? process.cwd() : dirname(resolve(path));
  return Object.freeze({ file, path, folder, environment, unknownVariables: unknown });
}

/** A configuration in memory, without overrides from the environment. @throws LlmteamError `CONFIG_INVALID` listing every problem */
export function configOf(written: Json, folder: string, environment: Config['environment'] = {}): Config {
  const file = checkConfig('the configuration', structuredClone(written), new Map());
  return Object.freeze({ file, path: null, folder, environment, unknownVariables: [] });
}

/** The effective configuration: what was loaded plus the defaults of every section. */
export function serviceConfig(config: Config): ServiceConfig {
  const sections = {
    log: {},
    metrics: {},
    nats: {},
    retention: {},
    coordinator: {},
    worker: {},
    gateway: {},
    ...config.file,
  };
  const file = checkConfig('the configuration', structuredClone(sections), new Map());
  return Object.freeze({ ...config, file }) as ServiceConfig;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new LlmteamError('FILE_UNREADABLE', `cannot read the configuration '${path}': ${systemReason(cause)}`, {
      cause,
    });
  }
}

function parse(path: string, text: string): Json {
  try {
    return parseJson(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new LlmteamError('JSON_INVALID', `'${path}': ${reason}`, { cause });
  }
}
