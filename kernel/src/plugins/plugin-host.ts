/**
 * Purpose: loads plugins: find, check, import, register, start; stops them in reverse order.
 * Owns: the deadlines, and naming the plugin at fault in errors. Does not own: what plugins provide (catalog, providers).
 * Invariants: a fault in one plugin does not hide faults in others (H1); no plugin is started unless all of them loaded (H2); every
 * started plugin is stopped, whatever happens (H3).
 */
import { realpathSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import {
  type ControlType,
  type JsonObject,
  LlmteamError,
  type Logger,
  type Plugin,
  type PluginListing,
  permissionList,
  type StepTypeMetadata,
  type TaskType,
} from '@llmteam/contracts';
import semver from 'semver';
import type { StepCatalog } from '../catalog/step-catalog.js';
import { loadIsolated } from '../isolation/isolated-plugin.js';
import { processOpener } from '../isolation/process-channel.js';
import { ReadableFolders } from '../isolation/readable-folders.js';
import { Reaper } from '../isolation/reaper.js';
import { openThread } from '../isolation/thread-channel.js';
import type { Outbound } from '../runtime/outbound.js';
import { PermissionCheck } from '../runtime/permission-check.js';
import { pluginLog } from '../runtime/plugin-log.js';
import { exportedPlugin } from './exported-plugin.js';
import { guardedControl } from './guarded-control.js';
import { guardedTask } from './guarded-task.js';
import { type HostedProvider, hostedProvider } from './hosted-provider.js';
import { checkMetadata } from './metadata-check.js';
import { plainPlugin } from './plain-plugin.js';
import { withDeadline } from './plugin-deadline.js';
import { asPluginError, tooLate } from './plugin-error.js';
import { listingOf } from './plugin-listing.js';
import { type PluginPackage, readPluginPackage } from './plugin-manifest.js';
import { checkPermissions } from './plugin-permissions.js';
import type { Grant, PluginStanding } from './plugin-standing.js';
import { stopAll } from './plugin-stops.js';
import { checkName, type SettledOffers, settleOffers } from './rival-plugins.js';
import { strayErrors } from './stray-errors.js';
import { syntaxFault } from './syntax-fault.js';

/** A plugin that the operator, or the release, asks for. */
export interface WantedPlugin {
  /** Package name or path. */
  readonly specifier: string;
  /** The folder it is resolved from. */
  readonly fromFolder: string;
  /** Part of LLMTeam. Default false. */
  readonly isOurs?: boolean;
  /** Default: all that it declares if it is ours, else nothing. */
  readonly grant?: Grant;
  /** Where its handlers run. Default: `inline` if it is ours, else `process`. */
  readonly isolation?: Isolation;
  /** Of one process, or the heap of one thread. Default 256. */
  readonly memoryMb?: number;
  /** How long a handler may block its process or thread. Default 60,000. */
  readonly unresponsiveMs?: number;
  /** Step types and model providers that it brings instead of another plugin. Default: none. */
  readonly replaces?: readonly string[];
}

export type Isolation = 'inline' | 'process' | 'thread';

export interface PluginHostOptions {
  readonly log: Logger;
  /** `settings` of the configuration: by `<name>`, or for one major version by `<name>@<major>`, which wins. */
  readonly settings?: Readonly<Record<string, JsonObject>>;
  /** Deadline of each import and start; all stops together have four fifths of it. Default 10,000. */
  readonly deadlineMs?: number;
  /** URL of the module that runs inside isolates, `@llmteam/kernel/isolate`. Without it, everything runs inline. */
  readonly isolateMain?: string;
  /** How model providers send requests. Default: not at all. */
  readonly outbound?: Outbound;
}

export interface LoadedPlugin {
  readonly source: PluginPackage;
  readonly plugin: Plugin;
  readonly standing: PluginStanding;
  readonly isolation: Isolation;
  readonly replaces: readonly string[];
}

/** What a package exports, before it is checked. */
interface Code {
  readonly source: PluginPackage;
  readonly isolation: Isolation;
  readonly isOurs: boolean;
  readonly replaces: readonly string[];
  readonly grant: Grant;
  readonly exported: unknown;
}

/** A plugin that was loaded, and what its `start` returned. */
interface StartedPlugin extends LoadedPlugin {
  resources: unknown;
}

export class PluginHost {
  readonly providers = new Map<string, HostedProvider>();
  /** Names in `replaces` that replace nothing, in words; only meaningful if all wanted plugins were loaded. */
  unneeded: readonly string[] = [];
  private readonly loaded: StartedPlugin[] = [];
  private readonly started: StartedPlugin[] = [];
  private readonly reaper = new Reaper();
  private readonly readable = new ReadableFolders();

  constructor(
    private readonly catalog: StepCatalog,
    private readonly options: PluginHostOptions,
  ) {}

  /**
   * Loads packages, each resolved from its `fromFolder`.
   * @throws LlmteamError with the code of the first fault and the messages of all
   */
  async load(wanted: readonly WantedPlugin[]): Promise<readonly LoadedPlugin[]> {
    const faults: LlmteamError[] = [];
    if (wanted.some((one) => this.isGuest(one))) strayErrors.install(this);
    // Processes start side by side; what they bring is registered in order.
    const coming = wanted.map((one) => this.codeOf(one));
    await Promise.allSettled(coming);
    for (const [at, one] of wanted.entries()) {
      try {
        this.accept(await (coming[at] as Promise<Code>));
      } catch (thrown) {
        faults.push(asPluginError(one.specifier, 'could not be loaded', thrown));
      }
    }
    faults.push(...this.registerAll());
    if (faults.length > 0) await this.discard(coming);
    throwAll(faults);
    return this.loaded;
  }

  /** Whether its code runs in this process although it is not ours. */
  private isGuest({ isOurs = false, isolation }: WantedPlugin): boolean {
    return !isOurs && (isolation === 'inline' || this.options.isolateMain === undefined);
  }

  /** Ends the processes and threads of plugins that will not be started. */
  private async discard(coming: readonly Promise<Code>[]): Promise<void> {
    strayErrors.uninstall(this);
    const loaded = (await Promise.allSettled(coming)).flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
    const isolated = loaded.filter(({ isolation }) => isolation !== 'inline');
    await Promise.allSettled(isolated.map(async ({ exported }) => (exported as Plugin).stop?.(undefined)));
  }

  /** What is loaded, in load order. */
  listings(): PluginListing[] {
    return this.loaded.map(listingOf);
  }

  private registerAll(): LlmteamError[] {
    const settled = settleOffers(this.loaded);
    for (const [typeId, plugin] of settled.preferred) this.catalog.prefer(typeId, plugin);
    for (const message of settled.severalVersions) this.options.log.info({}, message);
    this.unneeded = settled.unneeded;
    const faults = this.loaded.flatMap((loaded) => {
      try {
        this.register(loaded, settled);
        return [];
      } catch (thrown) {
        return asPluginError(loaded.source.specifier, 'could not be loaded', thrown);
      }
    });
    // The catalog refuses what is settled already, in fewer words.
    const isTold = (fault: LlmteamError): boolean => settled.faults.length > 0 && fault.code === 'PLUGIN_DUPLICATE';
    return [...settled.faults, ...faults.filter((fault) => !isTold(fault))];
  }

  private async codeOf(wanted: WantedPlugin): Promise<Code> {
    const { isOurs = false, replaces = [], grant = isOurs ? 'declared' : [] } = wanted;
    const source = readPluginPackage(wanted.specifier, wanted.fromFolder);
    const isolation = this.options.isolateMain === undefined ? 'inline' : isolationOf(wanted, source);
    try {
      const { exported } =
        isolation === 'inline'
          ? await this.importCode(source, isOurs)
          : { exported: await this.isolate(wanted, source, grant) };
      return { source, isolation, isOurs, replaces, grant, exported };
    } catch (thrown) {
      throw (await syntaxFault(source, thrown)) ?? thrown;
    }
  }

  private accept({ source, isolation, isOurs, replaces, grant, exported }: Code): void {
    const plugin = checkPlugin(source, exported, isOurs);
    checkName(source, isOurs, this.loaded);
    if (!isOurs) checkMetadata(source, describedTypes(source, plugin), plugin.modelProviders);
    checkPermissions(source, plugin);
    const loaded: StartedPlugin = {
      source,
      plugin,
      isolation,
      replaces,
      resources: undefined,
      standing: {
        plugin: plugin.name,
        isOurs,
        grant,
        isInProcess: isolation === 'inline',
        resources: () => loaded.resources,
      },
    };
    this.loaded.push(loaded);
  }

  private async importCode(
    { specifier, entry, manifest }: PluginPackage,
    isOurs: boolean,
  ): Promise<{ exported: unknown }> {
    // Wrapped, because what it exports may say that it is a promise.
    const load = async () => ({ exported: exportedPlugin((await import(entry)) as object) });
    const doing = { plugin: manifest.name, log: this.options.log };
    const loading = isOurs ? load() : strayErrors.watchPlugin(doing, load);
    return withDeadline(loading, this.deadlineMs, () => tooLate(specifier, this.deadlineMs, 'load'));
  }

  private isolate(wanted: WantedPlugin, source: PluginPackage, grant: Grant): Promise<Plugin> {
    const { specifier, folder, entry, manifest } = source;
    const { memoryMb = 256, unresponsiveMs = 60_000 } = wanted;
    const { name, permissions = {} } = manifest;
    const isThread = wanted.isolation === 'thread';
    // Code connects by itself only to hosts that the operator wrote down; patterns are for `context.fetch`.
    const hosts = new PermissionCheck({ plugin: name, grant }, permissionList(permissions)).namedHosts();
    return loadIsolated({
      open: isThread ? openThread : processOpener(this.reaper),
      main: this.options.isolateMain as string,
      folder,
      specifier,
      readable: isThread ? [] : this.readable.of(specifier, folder),
      // A process may not read the links on the way to it.
      entry: pathToFileURL(realpathSync(fileURLToPath(entry))).href,
      hosts,
      memoryMb,
      unresponsiveMs,
      deadlineMs: this.deadlineMs,
      stopMs: this.stopMs,
      log: this.options.log.child({ plugin: name }),
      settings: this.settingsFor(source),
    });
  }

  private register(loaded: LoadedPlugin, { providers }: SettledOffers): void {
    const { source, plugin, standing, isolation } = loaded;
    const { version } = source;
    const declared = permissionList(source.manifest.permissions ?? {});
    const described = describedTypes(source, plugin);
    const types = (plugin.stepTypes ?? []).map((type, at) => ({ ...type, metadata: described[at] ?? type.metadata }));
    for (const type of types) this.catalog.add(this.guarded(type, standing, isolation), version, standing);
    for (const provider of plugin.modelProviders ?? []) {
      if (providers.get(provider.providerId)?.source !== source) continue;
      const { outbound = noOutbound } = this.options;
      this.providers.set(provider.providerId, hostedProvider(provider, { standing, declared, outbound }));
    }
  }

  private guarded(type: TaskType | ControlType, { plugin, isOurs }: PluginStanding, isolation: Isolation) {
    if (isOurs) return type;
    if (type.kind === 'control') return guardedControl(type);
    if (isolation !== 'inline') return type;
    return guardedTask(type, plugin, this.options.log);
  }

  private settingsFor({ manifest: { name }, version }: PluginPackage): JsonObject {
    const { settings = {} } = this.options;
    return settings[`${name}@${semver.parse(version)?.major}`] ?? settings[name] ?? {};
  }

  private get deadlineMs(): number {
    return this.options.deadlineMs ?? 10_000;
  }

  private get stopMs(): number {
    return this.deadlineMs * stopShare;
  }

  /** Starts plugins in load order. @throws LlmteamError `PLUGIN_FAILED`, after stopping those already started */
  async start(): Promise<void> {
    if (this.loaded.some(isGuest)) strayErrors.install(this);
    for (const loaded of this.loaded) {
      const { specifier } = loaded.source;
      if (loaded.plugin.start === undefined) continue;
      this.started.push(loaded);
      try {
        const starting = this.startOne(loaded);
        loaded.resources = await withDeadline(starting, this.deadlineMs, () =>
          tooLate(specifier, this.deadlineMs, 'start'),
        );
      } catch (thrown) {
        await this.stop();
        throw asPluginError(specifier, 'could not be started', thrown);
      }
    }
  }

  private startOne(loaded: StartedPlugin): Promise<unknown> {
    const { plugin, source } = loaded;
    const log = this.options.log.child({ plugin: plugin.name });
    const start = async () => plugin.start?.({ log: pluginLog(log), settings: this.settingsFor(source) });
    return isGuest(loaded) ? strayErrors.watchPlugin({ plugin: plugin.name, log }, start) : start();
  }

  /** Stops started plugins in reverse order within one deadline; a failure, or one that hangs, is logged and does not stop the rest. */
  async stop(): Promise<void> {
    const stopping = this.started.splice(0).reverse();
    const stops = stopping.map(({ source, plugin, resources }) => {
      return { specifier: source.specifier, stop: async () => plugin.stop?.(resources) };
    });
    await stopAll(stops, this.stopMs, this.options.log);
    strayErrors.uninstall(this);
    this.reaper.close();
  }
}

/** Of the deadline of a start: services wait as long for all plugins as one may take to start. */
const stopShare = 0.8;

function isGuest({ standing, isolation }: LoadedPlugin): boolean {
  return !standing.isOurs && isolation === 'inline';
}

/** What it says of its step types, with what follows from its package. */
function describedTypes({ version, manifest }: PluginPackage, { stepTypes = [] }: Plugin): StepTypeMetadata[] {
  const declared = permissionList(manifest.permissions ?? {});
  return stepTypes.map(({ metadata }) => ({ ...metadata, version, permissions: metadata.permissions ?? declared }));
}

/** @throws LlmteamError `PLUGIN_INVALID` for control types that are not trusted: they run inside the engine */
function isolationOf({ isOurs = false, isolation }: WantedPlugin, { specifier, manifest }: PluginPackage): Isolation {
  if (manifest.kind !== 'control' || isOurs || isolation === 'inline')
    return isolation ?? (isOurs ? 'inline' : 'process');
  const what = `plugin '${specifier}' has control types, which run inside the engine and cannot be isolated`;
  throw new LlmteamError(
    'PLUGIN_INVALID',
    `${what}; if you trust its code, give its entry in \`plugins\` "isolation": "inline"`,
  );
}

function checkPlugin(source: PluginPackage, exported: unknown, isOurs: boolean): Plugin {
  const { specifier, manifest } = source;
  const plugin = isOurs ? (exported as Plugin) : plainPlugin(specifier, exported);
  if (plugin.name !== manifest.name) {
    const names = `'llmteam.name' in its package.json is '${manifest.name}', and the name in its code '${plugin.name}'; both must be the same`;
    throw new LlmteamError('PLUGIN_INVALID', `plugin '${specifier}': ${names}`);
  }
  if (plugin.api !== manifest.api) {
    const versions = `its manifest says API ${manifest.api}, its code ${plugin.api}`;
    throw new LlmteamError('PLUGIN_INCOMPATIBLE', `plugin '${specifier}': ${versions}`);
  }
  return plugin;
}

const noOutbound: Outbound = () =>
  Promise.reject(new LlmteamError('EGRESS_BLOCKED', 'this host sends no requests for model providers'));

function throwAll(faults: readonly LlmteamError[]): void {
  const [first] = faults;
  if (first === undefined) return;
  throw new LlmteamError(first.code, faults.map((fault) => fault.message).join('\n'), {
    cause: faults.length === 1 ? first : new AggregateError(faults, 'several plugins'),
  });
}
