import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Logger } from '@llmteam/contracts';
import { type LoadedPlugin, PluginHost, StepCatalog } from '@llmteam/kernel';
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
export async function load_plugins(config: Config, log: Logger): Promise<Plugins> {
  const catalog = new StepCatalog();
  const host = new PluginHost(catalog, { log, settings: config.file.settings ?? {} });
  const here = dirname(fileURLToPath(import.meta.url));
  const own = built_in.map((specifier) => ({ specifier, from_folder: here }));
  const extra = (config.file.plugins ?? []).map((specifier) => ({ specifier, from_folder: config.folder }));
  const loaded = await host.load([...own, ...extra]);
  return { catalog, host, loaded };
}
