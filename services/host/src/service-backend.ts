/**
 * Purpose: opens the backend that connects service processes: NATS, or the package that the configuration names.
 * Owns: which one it is, and its settings: checked, with `env:` references resolved. Does not own: what a backend does.
 */
import type { Backend, BackendContext, BackendInspection, BackendType, JsonObject, Logger } from '@llmteam/contracts';
import { LlmteamError } from '@llmteam/contracts';
import { backendOf, openBackend, PluginHost, readPluginPackage, StepCatalog } from '@llmteam/kernel';
import { natsBackend } from './built-in-backends.js';
import type { ServiceConfig } from './config.js';
import { revealAll } from './secrets.js';
import { checkSettings, refuseFaults } from './settings-check.js';
import { systemClock } from './system-clock.js';
import { withoutLists } from './without-lists.js';

export type OpenBackendOptions = Pick<BackendContext, 'name' | 'clock' | 'log'> &
  Partial<Pick<BackendContext, 'onJobsLost' | 'patienceMs'>>;

/** How long a service waits for the server at startup. Its supervisor may restart it afterwards. */
const servicePatienceMs = 30_000;
/** The same for a command, where somebody is waiting for the result. */
const commandPatienceMs = 5_000;

interface ChosenBackend {
  readonly specifier: string;
  readonly type: BackendType;
  readonly settings: JsonObject;
}

/** @throws LlmteamError `PLUGIN_…`, `CONFIG_INVALID`, or of the backend: `BACKEND_UNREACHABLE`, `BACKEND_UNSUITABLE` */
export async function openServiceBackend(config: ServiceConfig, options: OpenBackendOptions): Promise<Backend> {
  const { specifier, type, settings } = await choose(config, options.log);
  return openBackend(specifier, type, settings, {
    onJobsLost: () => undefined,
    patienceMs: servicePatienceMs,
    ...options,
    folder: config.folder,
    index: withoutLists,
  });
}

/** Runs a command's work on the backend of the services. @throws LlmteamError like {@link openServiceBackend} */
export async function withBackend<T>(
  config: ServiceConfig,
  log: Logger,
  use: (backend: Backend) => Promise<T>,
): Promise<T> {
  const options = { name: 'llmteam command', clock: systemClock(), log, patienceMs: commandPatienceMs };
  const backend = await openServiceBackend(config, options);
  try {
    return await use(backend);
  } finally {
    await backend.close();
  }
}

/**
 * Looks at the backend of the services without creating anything. Null if it offers no inspection.
 * @throws LlmteamError like {@link openServiceBackend}
 */
export async function inspectBackend(config: ServiceConfig, log: Logger): Promise<BackendInspection | null> {
  const { type, settings } = await choose(config, log);
  return (await type.inspect?.(settings, { log, folder: config.folder })) ?? null;
}

/** What tells the installations of one machine apart, for names of files. @throws LlmteamError `PLUGIN_…` */
export function installationName({ file, folder }: ServiceConfig): string {
  if (file.backend === undefined) return file.nats.namespace;
  return readPluginPackage(file.backend.package, folder).manifest.name;
}

async function choose(config: ServiceConfig, log: Logger): Promise<ChosenBackend> {
  const { backend, nats } = config.file;
  if (backend !== undefined) return chooseOutside(backend, config, log);
  const { specifier, load } = natsBackend;
  const settings = revealAll(nats as unknown as JsonObject, config.environment);
  return { specifier, type: backendOf(specifier, await load()), settings };
}

async function chooseOutside(
  { package: specifier, settings }: { readonly package: string; readonly settings: JsonObject },
  config: ServiceConfig,
  log: Logger,
): Promise<ChosenBackend> {
  const host = new PluginHost(new StepCatalog(), { log });
  const [loaded] = await host.load([{ specifier, fromFolder: config.folder }]);
  if (loaded?.source.manifest.kind !== 'backend') {
    const kinds = `its kind is '${loaded?.source.manifest.kind}', expected 'backend'`;
    throw new LlmteamError('PLUGIN_INVALID', `plugin '${specifier}' cannot be the backend: ${kinds}`);
  }
  const type = backendOf(specifier, loaded.plugin);
  const place = { name: 'backend.settings', pointer: '/backend/settings' };
  const { value, faults } = checkSettings({ ...place, settings, schema: type.configSchema }, config);
  refuseFaults(faults, config);
  return { specifier, type, settings: revealAll(value, config.environment) };
}
