/**
 * Purpose: loads plugins: find, check, import, register, start; stops them in reverse order.
 * Owns: the deadlines, and naming the plugin at fault in errors. Does not own: what plugins provide (catalog, providers).
 * Invariants: a fault in one plugin does not hide faults in others (H1); no plugin is started unless all of them loaded (H2); every
 * started plugin is stopped, whatever happens (H3).
 */
import {
  type ControlType,
  isLlmteamError,
  type JsonObject,
  LlmteamError,
  type Logger,
  type Plugin,
  type PluginListing,
  permissionList,
  type TaskType,
} from '@llmteam/contracts';
import semver from 'semver';
import type { StepCatalog } from '../catalog/step-catalog.js';
import { loadIsolated } from '../isolation/isolated-plugin.js';
import { processOpener } from '../isolation/process-channel.js';
import { readableFolders } from '../isolation/readable-folders.js';
import { Reaper } from '../isolation/reaper.js';
import { openThread } from '../isolation/thread-channel.js';
import type { Outbound } from '../runtime/outbound.js';
import { PermissionCheck } from '../runtime/permission-check.js';
import { exportedPlugin } from './exported-plugin.js';
import { guardedControl } from './guarded-control.js';
import { guardedTask } from './guarded-task.js';
import { type HostedProvider, hostedProvider } from './hosted-provider.js';
import { checkMetadata } from './metadata-check.js';
import { listingOf } from './plugin-listing.js';
import { type PluginPackage, readPluginPackage } from './plugin-manifest.js';
import { checkPermissions } from './plugin-permissions.js';
import { checkPluginShape } from './plugin-shape.js';
import type { Grant, PluginStanding } from './plugin-standing.js';
import { checkName, type SettledOffers, settleOffers } from './rival-plugins.js';
import { strayErrors } from './stray-errors.js';

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
  /** Deadline of each import, start and stop. Default 10,000. */
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
  readonly exported: Plugin;
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
  /** Whether handlers of others run in this process. */
  private hasGuests = false;

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
    if (faults.length > 0) await this.discard();
    throwAll(faults);
    return this.loaded;
  }

  /** Ends the processes and threads of plugins that will not be started. */
  private async discard(): Promise<void> {
    const isolated = this.loaded.filter(({ isolation }) => isolation !== 'inline');
    await Promise.allSettled(isolated.map(async ({ plugin }) => plugin.stop?.(undefined)));
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
    const exported = isolation === 'inline' ? await this.importCode(source) : await this.isolate(wanted, source, grant);
    return { source, isolation, isOurs, replaces, grant, exported };
  }

  private accept({ source, isolation, isOurs, replaces, grant, exported }: Code): void {
    const plugin = checkPlugin(source, exported);
    checkName(source, isOurs, this.loaded);
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

  private async importCode({ specifier, entry }: PluginPackage): Promise<Plugin> {
    const message = `plugin '${specifier}' took longer than ${this.deadlineMs} ms to load`;
    const module = await withDeadline(import(entry) as Promise<object>, this.deadlineMs, message);
    return exportedPlugin(module) as Plugin;
  }

  private isolate(wanted: WantedPlugin, source: PluginPackage, grant: Grant): Promise<Plugin> {
    const { folder, entry, manifest } = source;
    const { memoryMb = 256, unresponsiveMs = 60_000 } = wanted;
    const { name, permissions = {} } = manifest;
    const isThread = wanted.isolation === 'thread';
    // Code connects by itself only to hosts that the operator wrote down; patterns are for `context.fetch`.
    const hosts = new PermissionCheck({ plugin: name, grant }, permissionList(permissions)).namedHosts();
    return loadIsolated({
      open: isThread ? openThread : processOpener(this.reaper),
      main: this.options.isolateMain as string,
      folder,
      readable: isThread ? [] : readableFolders(folder),
      entry,
      hosts,
      memoryMb,
      unresponsiveMs,
      deadlineMs: this.deadlineMs,
      log: this.options.log.child({ plugin: name }),
      settings: this.settingsFor(source),
    });
  }

  private register(loaded: LoadedPlugin, { providers }: SettledOffers): void {
    const { source, plugin, standing, isolation } = loaded;
    const { version } = source;
    const declared = permissionList(source.manifest.permissions ?? {});
    const types = (plugin.stepTypes ?? []).map((type) => {
      return { ...type, metadata: { ...type.metadata, permissions: type.metadata.permissions ?? declared } };
    });
    if (!standing.isOurs) {
      checkMetadata(
        source,
        types.map(({ metadata }) => ({ ...metadata, version })),
      );
    }
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
    this.hasGuests = true;
    return guardedTask(type, plugin, this.options.log);
  }

  private settingsFor({ manifest: { name }, version }: PluginPackage): JsonObject {
    const { settings = {} } = this.options;
    return settings[`${name}@${semver.parse(version)?.major}`] ?? settings[name] ?? {};
  }

  private get deadlineMs(): number {
    return this.options.deadlineMs ?? 10_000;
  }

  /** Starts plugins in load order. @throws LlmteamError `PLUGIN_FAILED`, after stopping those already started */
  async start(): Promise<void> {
    if (this.hasGuests) strayErrors.install(this);
    for (const loaded of this.loaded) {
      const { plugin } = loaded;
      if (plugin.start === undefined) continue;
      const context = {
        log: this.options.log.child({ plugin: plugin.name }),
        settings: this.settingsFor(loaded.source),
      };
      const timeoutMessage = `plugin '${plugin.name}' took longer than ${this.deadlineMs} ms to start`;
      this.started.push(loaded);
      try {
        loaded.resources = await withDeadline(plugin.start(context), this.deadlineMs, timeoutMessage);
      } catch (thrown) {
        await this.stop();
        throw asPluginError(plugin.name, 'could not be started', thrown);
      }
    }
  }

  /** Stops started plugins in reverse order, each within the deadline; a failure is logged and does not stop the rest. */
  async stop(): Promise<void> {
    for (let loaded = this.started.pop(); loaded !== undefined; loaded = this.started.pop()) {
      const { plugin } = loaded;
      const timeoutMessage = `plugin '${plugin.name}' took longer than ${this.deadlineMs} ms to stop`;
      try {
        await withDeadline(plugin.stop?.(loaded.resources) ?? Promise.resolve(), this.deadlineMs, timeoutMessage);
      } catch (err) {
        this.options.log.error({ err, plugin: plugin.name }, 'a plugin could not be stopped');
      }
    }
    strayErrors.uninstall(this);
    this.reaper.close();
  }
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

function checkPlugin(source: PluginPackage, plugin: Plugin): Plugin {
  const { specifier, manifest } = source;
  if (plugin.name !== manifest.name) {
    const names = `'llmteam.name' in its package.json is '${manifest.name}', and the name in its code '${plugin.name}'; both must be the same`;
    throw new LlmteamError('PLUGIN_INVALID', `plugin '${specifier}': ${names}`);
  }
  if (plugin.api !== manifest.api) {
    const versions = `its manifest says API ${manifest.api}, its code ${plugin.api}`;
    throw new LlmteamError('PLUGIN_INCOMPATIBLE', `plugin '${specifier}': ${versions}`);
  }
  checkPluginShape(specifier, plugin);
  return plugin;
}

const noOutbound: Outbound = () =>
  Promise.reject(new LlmteamError('EGRESS_BLOCKED', 'this host sends no requests for model providers'));

export async function withDeadline<T>(work: Promise<T>, deadlineMs: number, message: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new LlmteamError('PLUGIN_FAILED', message)), deadlineMs);
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

export function asPluginError(name: string, what: string, thrown: unknown): LlmteamError {
  if (isLlmteamError(thrown)) {
    const { code, message, recoverable } = thrown;
    if (message.includes(`'${name}'`) || /\bplugins? '/.test(message)) return thrown;
    return new LlmteamError(code, `plugin '${name}' ${what}: ${message}`, { cause: thrown, recoverable });
  }
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  return new LlmteamError('PLUGIN_FAILED', `plugin '${name}' ${what}: ${reason}`, { cause: thrown });
}

function throwAll(faults: readonly LlmteamError[]): void {
  const [first] = faults;
  if (first === undefined) return;
  throw new LlmteamError(first.code, faults.map((fault) => fault.message).join('\n'), { cause: first });
}
