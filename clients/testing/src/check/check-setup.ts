/** How an operator runs the package that is checked, as a configuration says. */
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type JsonObject, LlmteamError, type Permissions } from '@llmteam/contracts';
import type { Isolation } from '@llmteam/kernel';
import { loadConfig, type PluginEntry } from '@llmteam/service-host';

export interface CheckSetup {
  /** `settings` of the configuration. */
  readonly settings: Readonly<Record<string, JsonObject>>;
  /** The entry of the package in `plugins`. */
  readonly entry: PluginEntry;
  readonly isolation: Isolation;
}

/**
 * What the given configuration says, or the one beside the package; without either, all that is declared is granted.
 * @throws LlmteamError `CONFIG_INVALID` if a given configuration does not name the package; those of `loadConfig`
 */
export function checkSetup(folder: string, packageName: string, given: string | undefined): CheckSetup {
  const beside = join(folder, 'llmteam.config.json');
  const path = given ?? (existsSync(beside) ? beside : null);
  if (path === null) return setupOf({ package: folder, grant: 'declared' }, {});
  const { plugins = [], settings = {} } = loadConfig(path, {}).file;
  const entries = plugins.map((one) => (typeof one === 'string' ? { package: one } : one));
  const entry = entries.find((one) => isFor(one, path, folder, packageName));
  if (entry !== undefined) return setupOf(entry, settings as CheckSetup['settings']);
  if (given === undefined) return setupOf({ package: folder, grant: 'declared' }, settings as CheckSetup['settings']);
  const known = entries.map((one) => `'${one.package}'`).join(', ') || 'nothing';
  throw new LlmteamError(
    'CONFIG_INVALID',
    `'${given}' has no entry in 'plugins' for '${packageName}' or the folder '${folder}'; it names ${known}`,
  );
}

/** What the operator grants, as tests take it; undefined: all that is declared. */
export function grantOf({ grant = {} }: PluginEntry): Permissions | undefined {
  return grant === 'declared' ? undefined : grant;
}

function setupOf(entry: PluginEntry, settings: CheckSetup['settings']): CheckSetup {
  return { settings, entry, isolation: entry.isolation ?? 'process' };
}

/** Whether an entry names the package, by its name or its folder. */
function isFor(entry: PluginEntry, path: string, folder: string, packageName: string): boolean {
  if (entry.package === packageName) return true;
  if (!/^[./]/.test(entry.package)) return false;
  const named = resolve(dirname(path), entry.package);
  return existsSync(named) && realpathSync(named) === realpathSync(folder);
}
