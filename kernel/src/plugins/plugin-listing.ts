import { type PluginListing, permissionList } from '@llmteam/contracts';
import semver from 'semver';
import type { PluginStanding } from './plugin-standing.js';
import type { PluginOffer } from './rival-plugins.js';

type LoadedOffer = Omit<PluginOffer, 'replaces'> & {
  readonly standing: PluginStanding;
  readonly isolation: PluginListing['isolation'];
};

/** What operators see of a loaded plugin. */
export function listingOf({ source, plugin, standing, isolation }: LoadedOffer): PluginListing {
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

/** For a worker that serves some task types only: types that it does not serve are not listed. */
export function servedListings(
  listings: readonly PluginListing[],
  served: readonly { readonly type_id: string }[],
): PluginListing[] {
  const ids = new Set(served.map(({ type_id }) => type_id));
  return listings.map((listing) => {
    if (listing.kind === 'control') return listing;
    return { ...listing, step_types: listing.step_types.filter((typeId) => ids.has(typeId)) };
  });
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
