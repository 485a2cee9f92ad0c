/** Which of the versions that are needed the loaded plugins provide. */
import { type PluginListing, queueName } from '@llmteam/contracts';
import semver from 'semver';
import type { UsedVersion } from './version-uses.js';

type Provider = Pick<PluginListing, 'kind' | 'name' | 'version' | 'step_types'>;

/** Jobs of a task type go to any worker with its major version. A control type runs inside the engine: only the same version replays. */
export function isProvided(
  { type_id, version }: Pick<UsedVersion, 'type_id' | 'version'>,
  plugins: readonly Provider[],
): boolean {
  return plugins.some((plugin) => {
    if (!plugin.step_types.includes(type_id)) return false;
    if (plugin.kind === 'control') return plugin.version === version;
    return queueName(type_id, plugin.version) === queueName(type_id, version);
  });
}

/** What nothing would provide any more without some of the plugins. */
export function orphanedBy<U extends UsedVersion, P extends Provider>(
  uses: readonly U[],
  plugins: readonly P[],
  isRemoved: (plugin: P) => boolean,
): U[] {
  const remaining = plugins.filter((plugin) => !isRemoved(plugin));
  return uses.filter((use) => isProvided(use, plugins) && !isProvided(use, remaining));
}

/** The plugins that `name` or `name@version` means; the version may be a range. */
export function pluginsNamed<P extends Provider>(wanted: string, plugins: readonly P[]): P[] {
  const at = wanted.indexOf('@');
  const [name, range] = at < 0 ? [wanted, '*'] : [wanted.slice(0, at), wanted.slice(at + 1)];
  return plugins.filter(
    (plugin) => plugin.name === name && semver.satisfies(plugin.version, range, { includePrerelease: true }),
  );
}
