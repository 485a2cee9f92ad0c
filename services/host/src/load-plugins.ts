import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Logger } from '@llmteam/contracts';
import { type LoadedPlugin, PluginHost, type PluginPackage, read_plugin_package, StepCatalog } from '@llmteam/kernel';
import type { Config } from './config.js';

const built_in = ['@llmteam/flow', '@llmteam/transform', '@llmteam/llm-agent', '@llmteam/http-action'];

export interface Plugins {
  readonly catalog: StepCatalog;
  readonly host: PluginHost;
  readonly loaded: readonly LoadedPlugin[];
}

/**
 * Loads the plugins that come with LLMTeam, as any other plugin is, and those of the configuration.
 * @throws LlmteamError `PLUGIN_…`, naming every plugin at fault
 */
export function load_plugins(config: Config, log: Logger): Promise<Plugins> {
  return load(config, log, wanted_by(config));
}

/** Only control types, for a process that runs the engine and no handlers. The code of task types is left alone. */
export function load_control_plugins(config: Config, log: Logger): Promise<Plugins> {
  const is_control = (source: PluginPackage): boolean => source.manifest.kind === 'control';
  return load(
    config,
    log,
    wanted_by(config).filter((wanted) => is_of_kind(wanted, is_control)),
  );
}

interface Wanted {
  readonly specifier: string;
  readonly from_folder: string;
}

function wanted_by(config: Config): Wanted[] {
  const here = dirname(fileURLToPath(import.meta.url));
  const own = built_in.map((specifier) => ({ specifier, from_folder: here }));
  const extra = (config.file.plugins ?? []).map((specifier) => ({ specifier, from_folder: config.folder }));
  return [...own, ...extra];
}

/** A package that cannot be read is wanted: loading it says what is wrong. */
function is_of_kind({ specifier, from_folder }: Wanted, fits: (source: PluginPackage) => boolean): boolean {
  try {
    return fits(read_plugin_package(specifier, from_folder));
  } catch {
    return true;
  }
}

async function load(config: Config, log: Logger, wanted: readonly Wanted[]): Promise<Plugins> {
  const catalog = new StepCatalog();
  const host = new PluginHost(catalog, { log, settings: config.file.settings ?? {} });
  const loaded = await host.load(wanted);
  return { catalog, host, loaded };
}
