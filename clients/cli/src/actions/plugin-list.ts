import { load_plugins } from '@llmteam/service-host';
import { make_colours } from '../colours.js';
import { config_here } from '../configuration.js';
import { type ExitCode, exit_codes } from '../exit-codes.js';
import { make_log } from '../log.js';
import type { Settings } from '../settings.js';
import { table } from '../table.js';

export async function plugin_list(
  settings: Settings,
  _args: readonly string[],
  { json }: { json?: boolean },
): Promise<ExitCode> {
  const config = config_here(settings);
  const { loaded } = await load_plugins(config, await make_log(settings, config));
  const plugins = loaded.map(({ source: { specifier, version }, plugin }) => ({
    name: plugin.name,
    package: specifier,
    version,
    step_types: (plugin.step_types ?? []).map(({ metadata }) => metadata.type_id),
    model_providers: (plugin.model_providers ?? []).map(({ provider_id }) => provider_id),
  }));
  const colours = make_colours(settings.colours.stdout);
  const rows = plugins.map(({ name, version, step_types, model_providers }) => [
    { text: name, colour: colours.bold },
    version,
    step_types.join(' '),
    model_providers.join(' '),
  ]);
  const text = table(['PLUGIN', 'VERSION', 'STEP TYPES', 'MODEL PROVIDERS'], rows, colours);
  settings.streams.print(json === true ? `${JSON.stringify(plugins, null, 2)}\n` : text);
  return exit_codes.completed;
}
