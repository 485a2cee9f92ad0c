import type { Segment } from '@llmteam/contracts';
import { loadPlugins } from '@llmteam/service-host';
import { makeColours } from '../colours.js';
import { configForFile } from '../configuration.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { shownName } from '../files.js';
import { makeLog } from '../log.js';
import { printNote } from '../notes.js';
import { type FileProblem, firstStepsHint, hasErrors, problemLine } from '../problem-lines.js';
import { SegmentFiles } from '../segment-files.js';
import type { Settings } from '../settings.js';

export async function validate(
  settings: Settings,
  [file = '-']: readonly string[],
  { json }: { json?: boolean },
): Promise<ExitCode> {
  const { segment, problems, hint } = await check(settings, file);
  const valid = !hasErrors(problems);
  const { streams } = settings;
  if (json === true) {
    const own = shownName(file);
    const listed = problems.map(({ file: of, column: _, path = '', ...problem }) => {
      return { ...problem, path, ...(of !== own && { file: of }) };
    });
    streams.print(`${JSON.stringify({ valid, problems: listed }, null, 2)}\n`);
  } else {
    const colours = makeColours(settings.colours.stdout);
    const lines = problems.map((problem) => `${problemLine(problem, colours)}\n`);
    const steps = segment === null ? 0 : segment.steps.length;
    const summary = valid
      ? `${shownName(file)}: ${colours.green('valid')}, ${steps} step${steps === 1 ? '' : 's'}\n`
      : '';
    streams.print(lines.join('') + summary);
  }
  if (hint !== null) printNote(settings, hint);
  return valid ? exitCodes.completed : exitCodes.failed;
}

interface Verdict {
  /** null if it has errors. */
  readonly segment: Segment | null;
  readonly problems: readonly FileProblem[];
  readonly hint: string | null;
}

async function check(settings: Settings, file: string): Promise<Verdict> {
  if (settings.gateway !== null) {
    const { validateAtGateway } = await import('../remote/gateway-segments.js');
    return { ...(await validateAtGateway(settings, settings.gateway, file)), hint: null };
  }
  const config = configForFile(settings, file);
  const { catalog } = await loadPlugins(config, await makeLog(settings, config));
  const loaded = await new SegmentFiles(config, catalog).loadAll(file);
  const problems = loaded.flatMap((one) => one.problems);
  return { segment: loaded[0]?.segment ?? null, problems, hint: firstStepsHint(problems, config) };
}
