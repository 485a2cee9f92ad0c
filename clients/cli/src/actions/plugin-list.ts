import { loadPlugins } from '@llmteam/service-host';
import { makeColours } from '../colours.js';
import { configHere } from '../configuration.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { makeLog } from '../log.js';
import type { Settings } from '../settings.js';
import { table } from '../table.js';

export async function pluginList(
  settings: Settings,
  _args: readonly string[],
  { json }: { json?: boolean },
): Promise<ExitCode> {
  const config = configHere(settings);
  const { loaded } = await loadPlugins(config, await makeLog(settings, config));
  const plugins = loaded.map(({ source: { specifier, version }, plugin }) => ({
    name: plugin.name,
    package: specifier,
    version,
    step_types: (plugin.stepTypes ?? []).map(({ metadata }) => metadata.type_id),
    model_providers: (plugin.modelProviders ?? []).map(({ providerId }) => providerId),
  }));
  const colours = makeColours(settings.colours.stdout);
  const rows = plugins.map(({ name, version, step_types, model_providers }) => [
    { text: name, colour: colours.bold },
    version,
    step_types.join(' '),
    model_providers.join(' '),
  ]);
  const text = table(['PLUGIN', 'VERSION', 'STEP TYPES', 'MODEL PROVIDERS'], rows, colours, {
    width: settings.streams.stdoutColumns,
    whole: [0],
  });
  settings.streams.print(json === true ? `${JSON.stringify({ plugins, cursor: null }, null, 2)}\n` : text);
  return exitCodes.completed;
}
