import { load_plugins } from '@llmteam/service-host';
import { make_colours } from '../colours.js';
import { config_for_file } from '../configuration.js';
import { type ExitCode, exit_codes } from '../exit-codes.js';
import { shown_name } from '../files.js';
import { make_log } from '../log.js';
import { first_steps, has_errors, problem_line } from '../problem-lines.js';
import { SegmentFiles } from '../segment-files.js';
import type { Settings } from '../settings.js';
import { tell } from '../telling.js';

export async function validate(
  settings: Settings,
  [file = '-']: readonly string[],
  { json }: { json?: boolean },
): Promise<ExitCode> {
  const config = config_for_file(settings, file);
  const { catalog } = await load_plugins(config, await make_log(settings, config));
  const { segment, problems } = await new SegmentFiles(config, catalog).load(file);
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
  const hint = first_steps(problems, config);
  if (hint !== null) tell(settings, hint);
  return valid ? exit_codes.completed : exit_codes.failed;
}
