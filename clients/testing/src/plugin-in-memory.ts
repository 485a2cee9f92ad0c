import { type JsonObject, type Logger, type Permissions, type Plugin, permissionList } from '@llmteam/contracts';
import {
  checkMetadata,
  guardedControl,
  guardedTask,
  type ProviderHost,
  plainPlugin,
  type StepCatalog,
} from '@llmteam/kernel';

/** How a plugin that is code of the test is regarded. */
export interface PluginUse {
  readonly plugin: Plugin;
  /** Default 1.0.0. */
  readonly version?: string;
  /** What its manifest would declare. Default: everything. */
  readonly permissions?: Permissions;
  /** What the operator grants. Default: all that is declared. */
  readonly grant?: Permissions;
  /** `settings.<name>` of the configuration. */
  readonly settings?: JsonObject;
}

export const allPermissions: Permissions = {
  network: ['*'],
  clients: ['*'],
  secrets: ['*'],
  stores: ['*'],
  llm: ['*'],
};

/** A plugin that is checked and registered like one from a package, without a package. */
export class PluginInMemory {
  /** What its providers may reach. */
  readonly reach: Pick<ProviderHost, 'standing' | 'declared'>;
  private shared: unknown;

  /** @throws LlmteamError `PLUGIN_INVALID`, `PLUGIN_DUPLICATE` */
  constructor(
    readonly use: PluginUse,
    catalog: StepCatalog,
    log: Logger,
  ) {
    const { version = '1.0.0', permissions = allPermissions, grant } = use;
    const plugin = plainPlugin(use.plugin.name, use.plugin);
    const declared = permissionList(permissions);
    const types = (plugin.stepTypes ?? []).map((type) => {
      return { ...type, metadata: { permissions: declared, ...type.metadata } };
    });
    checkMetadata(
      { specifier: plugin.name },
      types.map(({ metadata }) => ({ ...metadata, version })),
    );
    const standing = {
      plugin: plugin.name,
      isOurs: false,
      isInProcess: true,
      grant: grant === undefined ? ('declared' as const) : permissionList(grant),
      resources: () => this.shared,
    };
    this.reach = { standing, declared };
    for (const type of types) {
      const guarded = type.kind === 'task' ? guardedTask(type, plugin.name, log) : guardedControl(type);
      catalog.add(guarded, version, standing);
    }
  }

  async start(context: Parameters<NonNullable<Plugin['start']>>[0]): Promise<void> {
    this.shared = await this.use.plugin.start?.(context);
  }

  async stop(): Promise<void> {
    await this.use.plugin.stop?.(this.shared);
  }
}
