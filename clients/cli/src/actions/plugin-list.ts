import type { PluginListing, PluginPage, VersionUse } from '@llmteam/contracts';
import { type Colours, makeColours } from '../colours.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { printNote } from '../notes.js';
import { pluginPage } from '../plugin-page.js';
import type { Settings } from '../settings.js';
import { table } from '../table.js';

export async function pluginList(
  settings: Settings,
  _args: readonly string[],
  { json }: { json?: boolean },
): Promise<ExitCode> {
  const page = await pluginPage(settings);
  const { streams } = settings;
  if (json === true) streams.print(`${JSON.stringify(page, null, 2)}\n`);
  else streams.print(asText(page, makeColours(settings.colours.stdout), streams.stdoutColumns));
  if (!page.is_complete) printNote(settings, 'There are more runs or segments than could be looked at.');
  return exitCodes.completed;
}

function asText({ plugins, versions }: PluginPage, colours: Colours, width: number | null): string {
  const hasWorkers = plugins.some(({ workers }) => workers !== undefined);
  const head = ['PLUGIN', 'VERSION', 'ISOLATION', ...(hasWorkers ? ['WORKERS'] : []), 'STEP TYPES', 'MODEL PROVIDERS'];
  const listed = table(
    head,
    plugins.map((plugin) => pluginRow(plugin, hasWorkers, colours)),
    colours,
    { width, whole: [0] },
  );
  if (versions.length === 0) return listed;
  const rows = versions.map((use) => useRow(use, colours));
  return `${listed}\n${table(['NEEDED TYPE', 'VERSION', 'SEGMENTS', 'LIVE RUNS', ''], rows, colours, { width, whole: [0] })}`;
}

function pluginRow(plugin: PluginListing, hasWorkers: boolean, colours: Colours) {
  const { name, version, isolation, workers = 0, step_types, model_providers } = plugin;
  return [
    { text: name, colour: colours.bold },
    version,
    isolation,
    ...(hasWorkers ? [String(workers)] : []),
    step_types.join(' '),
    model_providers.join(' '),
  ];
}

function useRow(use: VersionUse, colours: Colours) {
  const { type_id, version, segments, segment_count, run_count, is_provided, is_used_elsewhere } = use;
  const more = segment_count > segments.length ? ` and ${segment_count - segments.length} more` : '';
  const remarks = [
    ...(is_provided ? [] : ['no plugin provides it']),
    ...(is_used_elsewhere ? ['other tenants too'] : []),
  ];
  return [
    { text: type_id, colour: colours.bold },
    version,
    segments.join(' ') + more,
    run_count === 0 ? '' : String(run_count),
    { text: remarks.join(', '), colour: is_provided ? colours.dim : colours.red },
  ];
}
