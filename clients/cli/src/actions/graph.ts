import type { RunView } from '@llmteam/contracts';
import { loadPlugins } from '@llmteam/service-host';
import { makeColours } from '../colours.js';
import { configForFile } from '../configuration.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { checkWritable, writeText } from '../files.js';
import { findRun } from '../find-run.js';
import { drawMermaid } from '../graph/mermaid.js';
import { type PictureFormat, pictureFormat } from '../graph/picture-format.js';
import { drawSvg } from '../graph/svg.js';
import { makeLog } from '../log.js';
import { withStoreOf } from '../open-stores.js';
import { problemLine } from '../problem-lines.js';
import { SegmentFiles } from '../segment-files.js';
import type { Settings } from '../settings.js';

interface Options {
  readonly output?: string;
  readonly format?: PictureFormat;
  readonly run?: string;
  readonly tenant: string;
}

export async function graph(
  settings: Settings,
  [file = '-']: readonly string[],
  { output, format: wanted, run, tenant }: Options,
): Promise<ExitCode> {
  const format = pictureFormat(wanted, output);
  checkWritable(output);
  const config = configForFile(settings, file);
  const { catalog } = await loadPlugins(config, await makeLog(settings, config));
  const { segment, problems } = await new SegmentFiles(config, catalog, { checkRefs: false }).load(file);
  if (segment === null) {
    const colours = makeColours(settings.colours.stderr);
    for (const problem of problems) settings.streams.note(problemLine(problem, colours));
    return exitCodes.failed;
  }
  const view = run === undefined ? undefined : await viewOf(settings, tenant, run);
  const options = view === undefined ? {} : { view };
  const text = format === 'mermaid' ? drawMermaid(segment, options) : drawSvg(segment, options);
  if (output === undefined) settings.streams.print(text);
  else writeText(output, text);
  return exitCodes.completed;
}

async function viewOf(settings: Settings, tenantId: string, runId: string): Promise<RunView> {
  const run = { tenant_id: tenantId, run_id: await findRun(settings, tenantId, runId) };
  return withStoreOf(settings, run, ({ runs }) => runs.show(run));
}
