import type { PluginListing, PluginPage, VersionUse } from '@llmteam/contracts';
import { counterparts, covers, partsOf, withoutCounterpart } from '@llmteam/kernel';
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
  const workers = hasWorkers ? ['WORKERS'] : [];
  const head = ['PLUGIN', 'VERSION', 'ISOLATION', 'GRANTED', ...workers, 'STEP TYPES', 'MODEL PROVIDERS'];
  const listed = table(
    head,
    plugins.map((plugin) => pluginRow(plugin, hasWorkers, colours)),
    colours,
    { width, whole: [0] },
  );
  const grants = plugins.flatMap((plugin) => grantRows(plugin, colours));
  const uses = versions.map((use) => useRow(use, colours));
  const more = [
    { head: ['PERMISSIONS OF', 'VERSION', 'PERMISSION', 'GRANTED AS'], rows: grants, whole: [0, 2] },
    { head: ['NEEDED TYPE', 'VERSION', 'SEGMENTS', 'LIVE RUNS', ''], rows: uses, whole: [0] },
  ].filter(({ rows }) => rows.length > 0);
  return [listed, ...more.map(({ head, rows, whole }) => table(head, rows, colours, { width, whole }))].join('\n');
}

/** What a plugin that is not built in asks for, one permission a line; of a built-in one, what the operator took from it. */
function grantRows({ name, version, is_built_in, permissions, granted }: PluginListing, colours: Colours) {
  const missing = withoutCounterpart(permissions, granted);
  const shown = is_built_in ? missing : permissions;
  return shown.map((permission, at) => [
    { text: at === 0 ? name : '', colour: colours.bold },
    at === 0 ? version : '',
    permission,
    missing.includes(permission)
      ? { text: 'not granted', colour: colours.red }
      : { text: grantedAs(permission, granted), colour: colours.green },
  ]);
}

/** `granted`, or what of a pattern is: `secret:acme_key` of `secret:*`. A host in a private network has to be written down in the grant. */
function grantedAs(permission: string, granted: readonly string[]): string {
  const [kind, what] = partsOf(permission);
  if (!covers(granted, kind, what)) return counterparts(permission, granted).join(' ');
  return kind === 'network' ? 'granted; private hosts only by name' : 'granted';
}

function grantedCount({ permissions, granted }: PluginListing, colours: Colours) {
  const missing = withoutCounterpart(permissions, granted).length;
  if (permissions.length === 0) return '';
  if (missing === 0) return 'all';
  return { text: `${permissions.length - missing} of ${permissions.length}`, colour: colours.red };
}

function pluginRow(plugin: PluginListing, hasWorkers: boolean, colours: Colours) {
  const { name, version, isolation, workers = 0, step_types, model_providers } = plugin;
  return [
    { text: name, colour: colours.bold },
    version,
    isolation,
    grantedCount(plugin, colours),
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
