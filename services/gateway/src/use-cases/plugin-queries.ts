import type { PluginListing, PluginPage } from '@llmteam/contracts';
import { findVersionUses, isProvided, type VersionUsesDeps } from '@llmteam/kernel';

/** The plugins of the workers, each with how many have it. */
export type LoadedPlugins = () => readonly PluginListing[];

/** Which plugins are loaded, and which versions segments and live runs need. */
export class PluginQueries {
  constructor(
    private readonly deps: VersionUsesDeps,
    private readonly loaded: LoadedPlugins,
  ) {}

  /** What the tenant has is listed; of the other tenants only whether they use a version. */
  async list(tenantId: string): Promise<PluginPage> {
    const plugins = [...this.loaded()];
    const { versions, is_complete } = await findVersionUses(this.deps, tenantId);
    const uses = versions.map((use) => ({ ...use, is_provided: isProvided(use, plugins) }));
    return { plugins, versions: uses, is_complete, cursor: null };
  }
}
