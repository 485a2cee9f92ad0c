import type { PluginListing, PluginPage } from '@llmteam/contracts';
import { findVersionUses, isProvided, type StepCatalog, type VersionUsesDeps } from '@llmteam/kernel';

/** The plugins of the workers, each with how many have it. */
export type LoadedPlugins = () => readonly PluginListing[];

/** Which plugins are loaded, and which versions segments and live runs need. */
export class PluginQueries {
  constructor(
    private readonly deps: VersionUsesDeps,
    private readonly loaded: LoadedPlugins,
    /** Control types run in coordinators, which have the same as this process. */
    private readonly catalog: Pick<StepCatalog, 'find'>,
  ) {}

  /** What the tenant has is listed; of the other tenants only whether they use a version. */
  async list(tenantId: string): Promise<PluginPage> {
    const plugins = [...this.loaded()];
    const { versions, is_complete } = await findVersionUses(this.deps, tenantId);
    const hasControl = (typeId: string, version: string) => this.catalog.find(typeId, version)?.control != null;
    const uses = versions.map((use) => {
      return { ...use, is_provided: hasControl(use.type_id, use.version) || isProvided(use, plugins) };
    });
    return { plugins, versions: uses, is_complete, cursor: null };
  }
}
