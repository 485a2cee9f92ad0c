import { type PluginListing, permissionList } from '@llmteam/contracts';
import semver from 'semver';
import type { LoadedPlugin } from './plugin-host.js';

/** What operators see of a loaded plugin. */
export function listingOf({ source, plugin, standing, isolation }: LoadedPlugin): PluginListing {
  const permissions = permissionList(source.manifest.permissions ?? {});
  const { grant } = standing;
  return {
    name: plugin.name,
    package: source.specifier,
    version: source.version,
    kind: source.manifest.kind,
    is_built_in: standing.isOurs,
    isolation,
    permissions,
    granted: grant === 'declared' ? permissions : [...grant],
    step_types: (plugin.stepTypes ?? []).map(({ metadata }) => metadata.type_id),
    model_providers: (plugin.modelProviders ?? []).map(({ providerId }) => providerId),
  };
}

/** The plugins of several workers, each once, with how many have it. */
export function countedListings(byWorker: readonly (readonly PluginListing[])[]): PluginListing[] {
  const found = new Map<string, PluginListing>();
  for (const listing of byWorker.flat()) {
    const key = JSON.stringify({ ...listing, workers: undefined });
    found.set(key, { ...listing, workers: (found.get(key)?.workers ?? 0) + 1 });
  }
  return [...found.values()].sort(
    (a, b) => a.name.localeCompare(b.name, 'en') || semver.rcompare(a.version, b.version),
  );
}
