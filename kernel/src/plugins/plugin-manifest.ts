import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { LlmteamError, PluginManifest, pluginApiVersion } from '@llmteam/contracts';
import { contractFaults } from '../validation/contract-faults.js';
import { makeAjv } from '../validation/schemas/ajv.js';

const ajv = makeAjv();

/** A plugin package as described by its package.json, before any of its code runs. */
export interface PluginPackage {
  /** Package name or path, as written in the configuration. */
  readonly specifier: string;
  /** As its package.json says; an npm alias has another specifier. */
  readonly packageName: string;
  readonly folder: string;
  readonly version: string;
  readonly manifest: PluginManifest;
  /** URL of the module to import. */
  readonly entry: string;
}

/**
 * Resolves a package from a folder, as Node does, and reads its manifest.
 * @throws LlmteamError `PLUGIN_MISSING`, `PLUGIN_INVALID` or `PLUGIN_INCOMPATIBLE`, naming the plugin
 */
export function readPluginPackage(specifier: string, fromFolder: string): PluginPackage {
  const folder = findFolder(specifier, fromFolder);
  const description = readDescription(specifier, folder);
  const manifest = checkManifest(specifier, description.llmteam);
  const version = description.version;
  if (typeof version !== 'string') throw invalid(specifier, 'its package.json has no version');
  const packageName = typeof description.name === 'string' ? description.name : specifier;
  const entry = pathToFileURL(findEntry(specifier, folder, manifest)).href;
  return { specifier, packageName, folder, version, manifest, entry };
}

function findFolder(specifier: string, fromFolder: string): string {
  const requireFrom = createRequire(join(fromFolder, 'package.json'));
  const isPath = specifier.startsWith('.') || specifier.startsWith('/');
  if (isPath) return resolve(fromFolder, specifier);
  for (const root of requireFrom.resolve.paths(specifier) ?? []) {
    const folder = join(root, specifier);
    if (existsSync(join(folder, 'package.json'))) return folder;
  }
  throw new LlmteamError('PLUGIN_MISSING', `plugin '${specifier}' is not installed (looked from ${fromFolder})`);
}

function readDescription(specifier: string, folder: string): Record<string, unknown> {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, unknown>;
  } catch (cause) {
    throw new LlmteamError('PLUGIN_MISSING', `plugin '${specifier}' has no readable package.json`, { cause });
  }
}

function checkManifest(specifier: string, manifest: unknown): PluginManifest {
  if (manifest === undefined) throw invalid(specifier, "its package.json has no key 'llmteam'");
  if (!ajv.validate(PluginManifest, manifest)) {
    const faults = contractFaults(PluginManifest, manifest, "package.json, key 'llmteam'");
    throw invalid(specifier, faults.map(({ message }) => message).join('; '));
  }
  const known = manifest as PluginManifest;
  if (known.api === pluginApiVersion) return known;
  const versions = `is made for plugin API ${known.api}; this is ${pluginApiVersion}`;
  throw new LlmteamError('PLUGIN_INCOMPATIBLE', `plugin '${specifier}' ${versions}`);
}

function findEntry(specifier: string, folder: string, manifest: PluginManifest): string {
  const declared = manifest.entry === undefined ? null : join(folder, manifest.entry);
  if (declared !== null && existsSync(declared)) return declared;
  const exported = readDescription(specifier, folder).exports;
  const main = entryOf(exported);
  if (main === null) throw invalid(specifier, "its package.json exports nothing at '.'");
  return join(folder, main);
}

/** `exports` may be a string, `{".": …}` or conditions; `import` wins over `default`. */
function entryOf(exported: unknown): string | null {
  if (typeof exported === 'string') return exported;
  if (typeof exported !== 'object' || exported === null) return null;
  const conditions = exported as Record<string, unknown>;
  return entryOf(conditions['.'] ?? conditions.import ?? conditions.default ?? null);
}

function invalid(specifier: string, what: string): LlmteamError {
  return new LlmteamError('PLUGIN_INVALID', `plugin '${specifier}': ${what}`);
}
