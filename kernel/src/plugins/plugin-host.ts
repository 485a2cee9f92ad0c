/**
 * Purpose: loads plugins: find, check, import, register, start; stops them in reverse order.
 * Owns: the deadlines, and naming the plugin at fault in errors. Does not own: what plugins provide (catalog, providers).
 * Invariants: a fault in one plugin does not hide faults in others (H1); no plugin is started unless all of them loaded (H2); every
 * started plugin is stopped, whatever happens (H3).
 */
import {
  isLlmteamError,
  type JsonObject,
  LlmteamError,
  type Logger,
  type ModelProvider,
  type Plugin,
  type TaskType,
} from '@llmteam/contracts';
import type { StepCatalog } from '../catalog/step-catalog.js';
import { type PluginPackage, readPluginPackage } from './plugin-manifest.js';

export interface PluginHostOptions {
  readonly log: Logger;
  /** `plugins.<name>` of the configuration. */
  readonly settings?: Readonly<Record<string, JsonObject>>;
  /** For each import, start and stop. Default 10,000. */
  readonly deadlineMs?: number;
}

export interface LoadedPlugin {
  readonly source: PluginPackage;
  readonly plugin: Plugin;
}

export class PluginHost {
  readonly providers = new Map<string, ModelProvider>();
  private readonly loaded: LoadedPlugin[] = [];
  private readonly started: LoadedPlugin[] = [];

  constructor(
    private readonly catalog: StepCatalog,
    private readonly options: PluginHostOptions,
  ) {}

  /**
   * Loads packages, each resolved from its `fromFolder`.
   * @throws LlmteamError with the code of the first fault and the messages of all
   */
  async load(wanted: readonly { specifier: string; fromFolder: string }[]): Promise<readonly LoadedPlugin[]> {
    const faults: LlmteamError[] = [];
    for (const { specifier, fromFolder } of wanted) {
      try {
        await this.loadOne(readPluginPackage(specifier, fromFolder));
      } catch (thrown) {
        faults.push(asFault(specifier, 'could not be loaded', thrown));
      }
    }
    raise(faults);
    return this.loaded;
  }

  private async loadOne(source: PluginPackage): Promise<void> {
    const module = await inTime(
      import(source.entry) as Promise<{ default?: unknown }>,
      this.deadlineMs,
      `plugin '${source.specifier}' took longer than ${this.deadlineMs} ms to load`,
    );
    const plugin = checkPlugin(source, module.default);
    if (this.loaded.some((known) => known.plugin.name === plugin.name)) {
      throw new LlmteamError('PLUGIN_DUPLICATE', `two plugins are named '${plugin.name}'`);
    }
    for (const type of plugin.stepTypes ?? []) {
      this.catalog.add(type as TaskType<JsonObject>, source.version, plugin.name);
    }
    for (const provider of plugin.modelProviders ?? []) {
      if (this.providers.has(provider.providerId)) {
        throw new LlmteamError('PLUGIN_DUPLICATE', `two plugins bring the model provider '${provider.providerId}'`);
      }
      this.providers.set(provider.providerId, provider);
    }
    this.loaded.push({ source, plugin });
  }

  private get deadlineMs(): number {
    return this.options.deadlineMs ?? 10_000;
  }

  /** Starts plugins in load order. @throws LlmteamError `PLUGIN_FAILED`, after stopping those already started */
  async start(): Promise<void> {
    for (const loaded of this.loaded) {
      const { plugin } = loaded;
      if (plugin.start === undefined) continue;
      const context = {
        log: this.options.log.child({ plugin: plugin.name }),
        settings: this.options.settings?.[plugin.name] ?? {},
      };
      const late = `plugin '${plugin.name}' took longer than ${this.deadlineMs} ms to start`;
      this.started.push(loaded);
      try {
        await inTime(plugin.start(context), this.deadlineMs, late);
      } catch (thrown) {
        await this.stop();
        throw asFault(plugin.name, 'could not be started', thrown);
      }
    }
  }

  /** Stops started plugins in reverse order, each within the deadline; a failure is logged and does not stop the rest. */
  async stop(): Promise<void> {
    for (let loaded = this.started.pop(); loaded !== undefined; loaded = this.started.pop()) {
      const { plugin } = loaded;
      const late = `plugin '${plugin.name}' took longer than ${this.deadlineMs} ms to stop`;
      try {
        await inTime(plugin.stop?.() ?? Promise.resolve(), this.deadlineMs, late);
      } catch (err) {
        this.options.log.error({ err, plugin: plugin.name }, 'a plugin could not be stopped');
      }
    }
  }
}

function checkPlugin(source: PluginPackage, value: unknown): Plugin {
  const { specifier, manifest } = source;
  if (typeof value !== 'object' || value === null) {
    throw new LlmteamError('PLUGIN_INVALID', `plugin '${specifier}' must export a plugin as its default`);
  }
  const plugin = value as Plugin;
  if (plugin.name !== manifest.name) {
    const names = `its manifest says '${manifest.name}', its code '${plugin.name}'`;
    throw new LlmteamError('PLUGIN_INVALID', `plugin '${specifier}': ${names}`);
  }
  if (plugin.api === manifest.api) return plugin;
  const versions = `its manifest says API ${manifest.api}, its code ${plugin.api}`;
  throw new LlmteamError('PLUGIN_INCOMPATIBLE', `plugin '${specifier}': ${versions}`);
}

async function inTime<T>(work: Promise<T>, deadlineMs: number, message: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new LlmteamError('PLUGIN_FAILED', message)), deadlineMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function asFault(name: string, what: string, thrown: unknown): LlmteamError {
  if (isLlmteamError(thrown)) return thrown;
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  return new LlmteamError('PLUGIN_FAILED', `plugin '${name}' ${what}: ${reason}`, { cause: thrown });
}

function raise(faults: readonly LlmteamError[]): void {
  const [first] = faults;
  if (first === undefined) return;
  throw new LlmteamError(first.code, faults.map((fault) => fault.message).join('\n'), { cause: first });
}
