/**
 * Purpose: loading plugins: find, check, import, register, start; stop in reverse.
 * Owns: deadlines of start and stop, and saying which plugin is at fault. Does not own: what the plugins bring (catalog, providers).
 * Invariants: a fault of one plugin hides no fault of another (H1); nothing is started unless everything could be loaded (H2); what was
 * started is stopped, whatever happens (H3).
 */
import {
  is_llmteam_error,
  type JsonObject,
  LlmteamError,
  type Logger,
  type ModelProvider,
  type Plugin,
  type TaskType,
} from '@llmteam/contracts';
import type { StepCatalog } from '../catalog/step-catalog.js';
import { type PluginPackage, read_plugin_package } from './plugin-manifest.js';

export interface PluginHostOptions {
  readonly log: Logger;
  /** `plugins.<name>` of the configuration. */
  readonly settings?: Readonly<Record<string, JsonObject>>;
  /** For each import, start and stop. Default 10,000. */
  readonly deadline_ms?: number;
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
   * Loads packages, looked for from the folder given with each.
   * @throws LlmteamError with the code of the first fault and all of them in the message
   */
  async load(wanted: readonly { specifier: string; from_folder: string }[]): Promise<readonly LoadedPlugin[]> {
    const faults: LlmteamError[] = [];
    for (const { specifier, from_folder } of wanted) {
      try {
        await this.load_one(read_plugin_package(specifier, from_folder));
      } catch (thrown) {
        faults.push(as_fault(specifier, 'could not be loaded', thrown));
      }
    }
    raise(faults);
    return this.loaded;
  }

  private async load_one(source: PluginPackage): Promise<void> {
    const module = await in_time(
      import(source.entry) as Promise<{ default?: unknown }>,
      this.deadline_ms,
      `plugin '${source.specifier}' took longer than ${this.deadline_ms} ms to load`,
    );
    const plugin = check_plugin(source, module.default);
    if (this.loaded.some((known) => known.plugin.name === plugin.name)) {
      throw new LlmteamError('PLUGIN_DUPLICATE', `two plugins are named '${plugin.name}'`);
    }
    for (const type of plugin.step_types ?? []) {
      this.catalog.add(type as TaskType<JsonObject>, source.version, plugin.name);
    }
    for (const provider of plugin.model_providers ?? []) {
      if (this.providers.has(provider.provider_id)) {
        throw new LlmteamError('PLUGIN_DUPLICATE', `two plugins bring the model provider '${provider.provider_id}'`);
      }
      this.providers.set(provider.provider_id, provider);
    }
    this.loaded.push({ source, plugin });
  }

  private get deadline_ms(): number {
    return this.options.deadline_ms ?? 10_000;
  }

  /** Starts plugins in the order of loading. @throws LlmteamError `PLUGIN_FAILED`, after stopping those that had started */
  async start(): Promise<void> {
    for (const loaded of this.loaded) {
      const { plugin } = loaded;
      if (plugin.start === undefined) continue;
      const context = {
        log: this.options.log.child({ plugin: plugin.name }),
        settings: this.options.settings?.[plugin.name] ?? {},
      };
      const late = `plugin '${plugin.name}' took longer than ${this.deadline_ms} ms to start`;
      this.started.push(loaded);
      try {
        await in_time(plugin.start(context), this.deadline_ms, late);
      } catch (thrown) {
        await this.stop();
        throw as_fault(plugin.name, 'could not be started', thrown);
      }
    }
  }

  /** Stops what was started, last first, past failures, each within the deadline. */
  async stop(): Promise<void> {
    for (let loaded = this.started.pop(); loaded !== undefined; loaded = this.started.pop()) {
      const { plugin } = loaded;
      const late = `plugin '${plugin.name}' took longer than ${this.deadline_ms} ms to stop`;
      try {
        await in_time(plugin.stop?.() ?? Promise.resolve(), this.deadline_ms, late);
      } catch (err) {
        this.options.log.error({ err, plugin: plugin.name }, 'a plugin could not be stopped');
      }
    }
  }
}

function check_plugin(source: PluginPackage, value: unknown): Plugin {
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

async function in_time<T>(work: Promise<T>, deadline_ms: number, message: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new LlmteamError('PLUGIN_FAILED', message)), deadline_ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function as_fault(name: string, what: string, thrown: unknown): LlmteamError {
  if (is_llmteam_error(thrown)) return thrown;
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  return new LlmteamError('PLUGIN_FAILED', `plugin '${name}' ${what}: ${reason}`, { cause: thrown });
}

function raise(faults: readonly LlmteamError[]): void {
  const [first] = faults;
  if (first === undefined) return;
  throw new LlmteamError(first.code, faults.map((fault) => fault.message).join('\n'), { cause: first });
}
