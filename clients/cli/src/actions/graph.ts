import type { RunView } from '@llmteam/contracts';
import { load_plugins } from '@llmteam/service-host';
import { make_colours } from '../colours.js';
import { config_for_file } from '../configuration.js';
import { type ExitCode, exit_codes } from '../exit-codes.js';
import { check_writable, write_text } from '../files.js';
import { draw_mermaid } from '../graph/mermaid.js';
import { draw_svg } from '../graph/svg.js';
import { with_store_of } from '../homes.js';
import { make_log } from '../log.js';
import { problem_line } from '../problem-lines.js';
import { SegmentFiles } from '../segment-files.js';
import type { Settings } from '../settings.js';

interface Options {
  readonly output?: string;
  readonly format: 'svg' | 'mermaid';
  readonly run?: string;
  readonly tenant: string;
}

export async function graph(
  settings: Settings,
  [file = '-']: readonly string[],
  { output, format, run, tenant }: Options,
): Promise<ExitCode> {
  check_writable(output);
  const config = config_for_file(settings, file);
  const { catalog } = await load_plugins(config, await make_log(settings, config));
  const { segment, problems } = await new SegmentFiles(config, catalog, { check_refs: false }).load(file);
  if (segment === null) {
    const colours = make_colours(settings.colours.stderr);
    for (const problem of problems) settings.streams.note(problem_line(problem, colours));
    return exit_codes.failed;
  }
  const view = run === undefined ? undefined : await view_of(settings, tenant, run);
  const options = view === undefined ? {} : { view };
  const text = format === 'mermaid' ? draw_mermaid(segment, options) : draw_svg(segment, options);
  if (output === undefined) settings.streams.print(text);
  else write_text(output, text);
  return exit_codes.completed;
}

function view_of(settings: Settings, tenant_id: string, run_id: string): Promise<RunView> {
  const run = { tenant_id, run_id };
  return with_store_of(settings, run, ({ runs }) => runs.show(run));
}
