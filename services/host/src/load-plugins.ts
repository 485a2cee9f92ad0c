import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LlmteamError, type Logger, permissionList } from '@llmteam/contracts';
import {
  type LoadedPlugin,
  PluginHost,
  type PluginPackage,
  readPluginPackage,
  StepCatalog,
  type WantedPlugin,
} from '@llmteam/kernel';
import type { Config } from './config.js';
import type { PluginEntry } from './config-plugins.js';
import { idlePluginNames, idleTypeNames } from './idle-names.js';
import { checkModels, unknownProviders } from './model-check.js';
import { guardedOutbound } from './outbound.js';

const ofModels = '@llmteam/llm-agent';
const builtIn = ['@llmteam/flow', '@llmteam/transform', ofModels, '@llmteam/http-action'];

export interface Plugins {
  readonly catalog: StepCatalog;
  readonly host: PluginHost;
  readonly loaded: readonly LoadedPlugin[];
  /** What the configuration names and nobody has, in words; logged when plugins are loaded. */
  readonly remarks: readonly string[];
}

/**
 * Loads the built-in plugins, the same way as any other, and those of the configuration.
 * @throws LlmteamError `PLUGIN_…` naming every faulty plugin; `CONFIG_INVALID` if an entry of `llms` does not match the
 * schema of its provider
 */
export async function loadPlugins(config: Config, log: Logger): Promise<Plugins> {
  const wanted = wantedBy(config);
  refuseBackends(wanted);
  const plugins = await load(config, log, wanted);
  const { host, catalog, loaded } = plugins;
  checkModels(config, host.providers);
  const remarks = [
    ...host.unneeded,
    ...unknownProviders(config, host.providers),
    ...idlePluginNames(
      config,
      loaded.map(({ source }) => source),
    ),
    ...idleTypeNames(config, catalog),
  ];
  return tell({ ...plugins, remarks }, log);
}

/**
 * Loads only control types, for a process that runs the engine but no handlers, without importing the code of task types. If models are
 * configured, the built-in providers are imported to check them, so that a mistake (a misspelt `tenants`) is refused by every process.
 * @throws LlmteamError like {@link loadPlugins}
 */
export async function loadControlPlugins(config: Config, log: Logger): Promise<Plugins> {
  const wanted = wantedBy(config);
  refuseBackends(wanted);
  const control = wanted.filter((one) => isOfKind(one, 'control'));
  const plugins = await load(config, log, control);
  preferReplacements(plugins.catalog, wanted);
  const remarks = idlePluginNames(
    config,
    wanted.flatMap((one) => packageOf(one) ?? []),
  );
  if (config.file.llms === undefined) return tell({ ...plugins, remarks }, log);
  const known = wanted.filter(({ specifier }) => specifier === ofModels);
  const { providers } = (await load(config, log, known)).host;
  checkModels(config, providers);
  // A plugin that is not loaded here may provide any other.
  const isWhole = wanted.every((one) => control.includes(one) || builtIn.includes(one.specifier));
  return tell({ ...plugins, remarks: [...remarks, ...(isWhole ? unknownProviders(config, providers) : [])] }, log);
}

function tell(plugins: Plugins, log: Logger): Plugins {
  for (const message of plugins.remarks) log.warn({}, message);
  return plugins;
}

/** Task types are announced by workers, whose choice it is too. */
function preferReplacements(catalog: StepCatalog, wanted: readonly WantedPlugin[]): void {
  for (const { specifier, fromFolder, replaces = [] } of wanted) {
    if (replaces.length === 0) continue;
    const { manifest } = readPluginPackage(specifier, fromFolder);
    for (const typeId of replaces) catalog.prefer(typeId, manifest.name);
  }
}

/** Built-in packages, as the configuration may change them, then all others. */
function wantedBy(config: Config): WantedPlugin[] {
  const here = dirname(fileURLToPath(import.meta.url));
  const entries = (config.file.plugins ?? []).map((one) => (typeof one === 'string' ? { package: one } : one));
  const own = builtIn.map((specifier) => {
    const entry = entries.find((one) => one.package === specifier);
    return { ...wantedPlugin(entry ?? { package: specifier }, here), isOurs: true };
  });
  const others = entries.filter((one) => !builtIn.includes(one.package));
  return [...own, ...others.map((entry) => wantedPlugin(entry, config.folder))];
}

/** What an entry of `plugins` asks for. */
export function wantedPlugin(entry: PluginEntry, fromFolder: string): WantedPlugin {
  const { package: specifier, grant, isolation, memory_mb, unresponsive_seconds, replaces } = entry;
  return {
    specifier,
    fromFolder,
    ...(isolation !== undefined && { isolation }),
    ...(memory_mb !== undefined && { memoryMb: memory_mb }),
    ...(unresponsive_seconds !== undefined && { unresponsiveMs: unresponsive_seconds * 1_000 }),
    ...(replaces !== undefined && { replaces }),
    ...(grant !== undefined && { grant: grant === 'declared' ? grant : permissionList(grant) }),
  };
}

type Kind = PluginPackage['manifest']['kind'];

/** A package that cannot be read is kept, so that loading it reports the problem. */
function isOfKind(wanted: WantedPlugin, kind: Kind): boolean {
  const found = kindOf(wanted);
  return found === null || found === kind;
}

function kindOf(wanted: WantedPlugin): Kind | null {
  return packageOf(wanted)?.manifest.kind ?? null;
}

/** Null if the package cannot be read. */
function packageOf({ specifier, fromFolder }: WantedPlugin): PluginPackage | null {
  try {
    return readPluginPackage(specifier, fromFolder);
  } catch {
    return null;
  }
}

/** It would be loaded, perhaps in a process of its own, and ignored. @throws LlmteamError `PLUGIN_INVALID` */
function refuseBackends(wanted: readonly WantedPlugin[]): void {
  const misplaced = wanted.find((one) => one.isOurs !== true && kindOf(one) === 'backend');
  if (misplaced === undefined) return;
  const where = "is a backend; name it in 'backend' of the configuration, not in 'plugins'";
  throw new LlmteamError('PLUGIN_INVALID', `plugin '${misplaced.specifier}' ${where}`);
}

async function load(config: Config, log: Logger, wanted: readonly WantedPlugin[]): Promise<Omit<Plugins, 'remarks'>> {
  const catalog = new StepCatalog();
  const host = new PluginHost(catalog, {
    log,
    settings: config.file.settings ?? {},
    outbound: guardedOutbound(),
    isolateMain: import.meta.resolve('@llmteam/kernel/isolate'),
  });
  const loaded = await host.load(wanted);
  return { catalog, host, loaded };
}
