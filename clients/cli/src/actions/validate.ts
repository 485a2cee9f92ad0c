import type { Segment } from '@llmteam/contracts';
import { load_plugins } from '@llmteam/service-host';
import { make_colours } from '../colours.js';
import { config_for_file } from '../configuration.js';
import { type ExitCode, exit_codes } from '../exit-codes.js';
import { shown_name } from '../files.js';
import { make_log } from '../log.js';
import { type FileProblem, first_steps, has_errors, problem_line } from '../problem-lines.js';
import { SegmentFiles } from '../segment-files.js';
import type { Settings } from '../settings.js';
import { tell } from '../telling.js';

export async function validate(
  settings: Settings,
  [file = '-']: readonly string[],
  { json }: { json?: boolean },
): Promise<ExitCode> {
  const { segment, problems, hint } = await judge(settings, file);
  const valid = !has_errors(problems);
  const { streams } = settings;
  if (json === true) {
    const listed = problems.map(({ file: _, column: __, path = '', ...problem }) => ({ ...problem, path }));
    streams.print(`${JSON.stringify({ valid, problems: listed }, null, 2)}\n`);
  } else {
    const colours = make_colours(settings.colours.stdout);
    const lines = problems.map((problem) => `${problem_line(problem, colours)}\n`);
    const steps = segment === null ? 0 : segment.steps.length;
    const verdict = valid
      ? `${shown_name(file)}: ${colours.green('valid')}, ${steps} step${steps === 1 ? '' : 's'}\n`
      : '';
    streams.print(lines.join('') + verdict);
  }
  if (hint !== null) tell(settings, hint);
  return valid ? exit_codes.completed : exit_codes.failed;
}

interface Judged {
  /** null: it has errors. */
  readonly segment: Segment | null;
  readonly problems: readonly FileProblem[];
  readonly hint: string | null;
}

async function judge(settings: Settings, file: string): Promise<Judged> {
  if (settings.gateway !== null) {
    const { judge_at_gateway } = await import('../remote/gateway-segments.js');
    return { ...(await judge_at_gateway(settings, settings.gateway, file)), hint: null };
  }
  const config = config_for_file(settings, file);
  const { catalog } = await load_plugins(config, await make_log(settings, config));
  const { segment, problems } = await new SegmentFiles(config, catalog).load(file);
  return { segment, problems, hint: first_steps(problems, config) };
}
