import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { LlmteamError, PluginManifest, plugin_api_version } from '@llmteam/contracts';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { contract_faults } from '../validation/contract-faults.js';

/** Our own schema needs no check against the meta-schema, which would cost more than all else at start. */
const ajv = new Ajv2020({ meta: false, validateSchema: false });

/** A plugin package as its package.json tells of it, before any of its code runs. */
export interface PluginPackage {
  /** As the configuration names it: a package name or a path. */
  readonly specifier: string;
  readonly folder: string;
  readonly version: string;
  readonly manifest: PluginManifest;
  /** URL of the module to import. */
  readonly entry: string;
}

/**
 * Finds a package from a folder, as Node does, and reads its manifest.
 * @throws LlmteamError `PLUGIN_MISSING`, `PLUGIN_INVALID` or `PLUGIN_INCOMPATIBLE`, naming the plugin
 */
export function read_plugin_package(specifier: string, from_folder: string): PluginPackage {
  const folder = find_folder(specifier, from_folder);
  const description = read_description(specifier, folder);
  const manifest = check_manifest(specifier, description.llmteam);
  const version = description.version;
  if (typeof version !== 'string') throw invalid(specifier, 'its package.json has no version');
  return { specifier, folder, version, manifest, entry: pathToFileURL(find_entry(specifier, folder, manifest)).href };
}

function find_folder(specifier: string, from_folder: string): string {
  const require_from = createRequire(join(from_folder, 'package.json'));
  const is_path = specifier.startsWith('.') || specifier.startsWith('/');
  if (is_path) return resolve(from_folder, specifier);
  for (const root of require_from.resolve.paths(specifier) ?? []) {
    const folder = join(root, specifier);
    if (existsSync(join(folder, 'package.json'))) return folder;
  }
  throw new LlmteamError('PLUGIN_MISSING', `plugin '${specifier}' is not installed (looked from ${from_folder})`);
}

function read_description(specifier: string, folder: string): Record<string, unknown> {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, unknown>;
  } catch (cause) {
    throw new LlmteamError('PLUGIN_MISSING', `plugin '${specifier}' has no readable package.json`, { cause });
  }
}

function check_manifest(specifier: string, manifest: unknown): PluginManifest {
  if (manifest === undefined) throw invalid(specifier, "its package.json has no key 'llmteam'");
  if (!ajv.validate(PluginManifest, manifest)) {
    const faults = contract_faults(PluginManifest, manifest, "package.json, key 'llmteam'");
    throw invalid(specifier, faults.map(({ message }) => message).join('; '));
  }
  const known = manifest as PluginManifest;
  if (known.api === plugin_api_version) return known;
  const versions = `is made for plugin API ${known.api}; this is ${plugin_api_version}`;
  throw new LlmteamError('PLUGIN_INCOMPATIBLE', `plugin '${specifier}' ${versions}`);
}

function find_entry(specifier: string, folder: string, manifest: PluginManifest): string {
  const whole = manifest.entry === undefined ? null : join(folder, manifest.entry);
  if (whole !== null && existsSync(whole)) return whole;
  const exported = read_description(specifier, folder).exports;
  const main = entry_of(exported);
  if (main === null) throw invalid(specifier, "its package.json exports nothing at '.'");
  return join(folder, main);
}

/** `exports` as a string, as `{".": …}`, or as conditions; `import` before `default`. */
function entry_of(exported: unknown): string | null {
  if (typeof exported === 'string') return exported;
  if (typeof exported !== 'object' || exported === null) return null;
  const conditions = exported as Record<string, unknown>;
  return entry_of(conditions['.'] ?? conditions.import ?? conditions.default ?? null);
}

function invalid(specifier: string, what: string): LlmteamError {
  return new LlmteamError('PLUGIN_INVALID', `plugin '${specifier}': ${what}`);
}
