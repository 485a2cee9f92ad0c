import { existsSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { LlmteamError, PluginManifest, pluginApiVersion } from '@llmteam/contracts';
import semver from 'semver';
import { contractFaults } from '../validation/contract-faults.js';
import { makeAjv } from '../validation/schemas/ajv.js';

const ajv = makeAjv();
const sampleExports = '`"exports": "./dist/index.js"`, say';
const sampleManifest = `{ "kind": "task", "name": "my-plugin", "api": ${pluginApiVersion} }`;

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
  if (typeof version !== 'string') throw invalid(specifier, "its package.json has no 'version', such as 0.1.0");
  if (semver.valid(version) === null)
    throw invalid(specifier, `'version' in its package.json is '${version}', not a semantic version such as 0.1.0`);
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
  const isBeside = existsSync(join(fromFolder, specifier, 'package.json'));
  const hint = isBeside ? `; the folder of that name is './${specifier}'` : '';
  throw new LlmteamError('PLUGIN_MISSING', `plugin '${specifier}' is not installed (looked from ${fromFolder})${hint}`);
}

function readDescription(specifier: string, folder: string): Record<string, unknown> {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, unknown>;
  } catch (cause) {
    throw new LlmteamError('PLUGIN_MISSING', `plugin '${specifier}': ${unreadable(folder, cause)}`, { cause });
  }
}

/** Where it was looked for, and what is there instead. */
function unreadable(folder: string, cause: unknown): string {
  const found = statSync(folder, { throwIfNoEntry: false });
  if (found === undefined) return `there is no folder '${folder}'`;
  if (!found.isDirectory()) return `'${folder}' is a file; name the folder that has its package.json`;
  if (!existsSync(join(folder, 'package.json'))) return `the folder '${folder}' has no package.json`;
  return `the package.json in '${folder}' cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`;
}

function checkManifest(specifier: string, manifest: unknown): PluginManifest {
  if (manifest === undefined)
    throw invalid(specifier, `its package.json has no key 'llmteam', such as ${sampleManifest}`);
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
  const { exports: exported, main: named } = readDescription(specifier, folder);
  const main = exported == null ? mainOf(folder, named) : entryOf(exported);
  if (main === null)
    throw invalid(
      specifier,
      `its package.json exports nothing at '.', and has no 'main' and no index.js; expected is ${sampleExports}`,
    );
  const entry = join(folder, main);
  if (!existsSync(entry))
    throw invalid(specifier, `its package.json exports '${main}', which is not there; is it built?`);
  return entry;
}

/** Without `exports`, as Node does: `main`, with what may be left out of it, or `index.js`. */
function mainOf(folder: string, named: unknown): string | null {
  const main = typeof named === 'string' && named !== '' ? named : null;
  const tried = main === null ? [] : [main, `${main}.js`, `${main}.json`, join(main, 'index.js')];
  const isFile = (path: string) => statSync(join(folder, path), { throwIfNoEntry: false })?.isFile() === true;
  return [...tried, 'index.js'].find(isFile) ?? main;
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
