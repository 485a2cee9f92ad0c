import type { RunView, StepSummary } from '@llmteam/contracts';
import { type Colours, make_colours, status_colour } from '../colours.js';
import { shown_duration, shown_time } from '../durations.js';
import { type ExitCode, exit_codes } from '../exit-codes.js';
import { with_store_of } from '../homes.js';
import { plain_text } from '../plain-text.js';
import type { Settings } from '../settings.js';
import { table } from '../table.js';

export async function runs_show(
  settings: Settings,
  [run_id = '']: readonly string[],
  { tenant, json }: { tenant: string; json?: boolean },
): Promise<ExitCode> {
  const run = { tenant_id: tenant, run_id };
  const view = await with_store_of(settings, run, ({ runs }) => runs.show(run));
  const text =
    json === true ? `${JSON.stringify(view, null, 2)}\n` : as_text(view, make_colours(settings.colours.stdout));
  settings.streams.print(text);
  return exit_codes.completed;
}

function as_text(view: RunView, colours: Colours): string {
  const { segment_id, run_id, status, error, usage, duration_ms } = view;
  const line = (name: string, value: string | null): string => {
    return value === null ? '' : `  ${colours.dim(name.padEnd(12))}${plain_text(value)}\n`;
  };
  const tokens = usage.input_tokens + usage.output_tokens;
  return [
    `${colours.bold(segment_id)}  ${status_colour(status, colours)(status)}\n`,
    line('run', run_id),
    line('parent', view.parent_run_id),
    line('correlation', view.correlation_id),
    line('started', shown_time(Date.parse(view.started_at))),
    line('took', duration_ms === null ? null : shown_duration(duration_ms)),
    line('tokens', tokens === 0 ? null : `${usage.input_tokens} in, ${usage.output_tokens} out`),
    line('steps', `${view.steps_completed} completed of ${view.steps_total} decided`),
    line('error', error === null ? null : `${error.error_code}: ${error.error_message}`),
    `\n${table(
      ['STEP', 'TYPE', 'STATUS', 'ATTEMPT', ''],
      view.steps.map((step) => step_row(step, colours)),
      colours,
    )}`,
    view.output === null ? '' : `\n${JSON.stringify(view.output, null, 2)}\n`,
  ].join('');
}

function step_row({ scope, step_id, type, status, attempt, error, waiting_for }: StepSummary, colours: Colours) {
  const remark = error === null ? waiting_for : `${error.error_code}: ${error.error_message}`;
  return [
    scope === '' ? step_id : `${scope}/${step_id}`,
    type,
    { text: status, colour: status_colour(status, colours) },
    attempt === 0 ? '' : String(attempt),
    status === 'waiting' && remark !== undefined ? `waits for ${remark}` : (remark ?? ''),
  ];
}
