import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Logger } from '@llmteam/contracts';
import { type LoadedPlugin, PluginHost, type PluginPackage, readPluginPackage, StepCatalog } from '@llmteam/kernel';
import type { Config } from './config.js';
import { checkModels } from './model-check.js';

const builtIn = ['@llmteam/flow', '@llmteam/transform', '@llmteam/llm-agent', '@llmteam/http-action'];

export interface Plugins {
  readonly catalog: StepCatalog;
  readonly host: PluginHost;
  readonly loaded: readonly LoadedPlugin[];
}

/**
 * Loads the built-in plugins, the same way as any other, and those of the configuration.
 * @throws LlmteamError `PLUGIN_…` naming every faulty plugin; `CONFIG_INVALID` if an entry of `llms` does not match the
 * schema of its provider
 */
export function loadPlugins(config: Config, log: Logger): Promise<Plugins> {
  return load(config, log, wantedBy(config));
}

/** Loads only control types, for a process that runs the engine but no handlers, without importing the code of task types. */
export function loadControlPlugins(config: Config, log: Logger): Promise<Plugins> {
  const isControl = (source: PluginPackage): boolean => source.manifest.kind === 'control';
  return load(
    config,
    log,
    wantedBy(config).filter((wanted) => isOfKind(wanted, isControl)),
  );
}

interface Wanted {
  readonly specifier: string;
  readonly fromFolder: string;
}

function wantedBy(config: Config): Wanted[] {
  const here = dirname(fileURLToPath(import.meta.url));
  const own = builtIn.map((specifier) => ({ specifier, fromFolder: here }));
  const extra = (config.file.plugins ?? []).map((specifier) => ({ specifier, fromFolder: config.folder }));
  return [...own, ...extra];
}

/** A package that cannot be read is kept, so that loading it reports the problem. */
function isOfKind({ specifier, fromFolder }: Wanted, fits: (source: PluginPackage) => boolean): boolean {
  try {
    return fits(readPluginPackage(specifier, fromFolder));
  } catch {
    return true;
  }
}

async function load(config: Config, log: Logger, wanted: readonly Wanted[]): Promise<Plugins> {
  const catalog = new StepCatalog();
  const host = new PluginHost(catalog, { log, settings: config.file.settings ?? {} });
  const loaded = await host.load(wanted);
  checkModels(config, host.providers);
  return { catalog, host, loaded };
}
