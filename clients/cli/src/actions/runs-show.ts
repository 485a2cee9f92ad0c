import type { RunKey, RunView, StepSummary } from '@llmteam/contracts';
import { type Colours, makeColours, statusColour } from '../colours.js';
import { shownDuration, shownTime } from '../durations.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { errorText } from '../failure-place.js';
import { withStoreOf } from '../open-stores.js';
import { isViewOrphaned } from '../orphans.js';
import { resumeCommand } from '../own-commands.js';
import { plainText } from '../plain-text.js';
import type { Settings } from '../settings.js';
import { countSteps, countsText } from '../step-counts.js';
import { table } from '../table.js';
import { waitingText } from '../waiting-text.js';
import { showStep } from './runs-steps.js';

export async function runsShow(
  settings: Settings,
  [runId = '']: readonly string[],
  { tenant, step, json }: { tenant: string; step?: string; json?: boolean },
): Promise<ExitCode> {
  const run: RunKey = { tenant_id: tenant, run_id: runId };
  if (step !== undefined) return showStep(settings, run, step, { json: json === true });
  const { view, isOrphaned } = await withStoreOf(settings, run, async (store) => {
    const shown = await store.runs.show(run);
    return { view: shown, isOrphaned: await isViewOrphaned(store, shown) };
  });
  const process = isOrphaned ? `no process works on it; to go on: ${resumeCommand(settings, run)}` : null;
  const text =
    json === true
      ? `${JSON.stringify(isOrphaned ? { ...view, is_orphan: true } : view, null, 2)}\n`
      : asText(view, process, makeColours(settings.colours.stdout));
  settings.streams.print(text);
  return exitCodes.completed;
}

function asText(view: RunView, process: string | null, colours: Colours): string {
  const { segment_id, run_id, status, error, usage, duration_ms } = view;
  const line = (name: string, value: string | null): string => {
    return value === null ? '' : `  ${colours.dim(name.padEnd(12))}${plainText(value)}\n`;
  };
  const entries = Object.entries(view.metadata)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
  const tokens = usage.input_tokens + usage.output_tokens;
  return [
    `${colours.bold(segment_id)}  ${statusColour(status, colours)(status)}\n`,
    line('run', run_id),
    line('process', process),
    line('parent', view.parent_run_id),
    line('correlation', view.correlation_id),
    line('metadata', entries === '' ? null : entries),
    line('trace', view.traced === true ? (view.trace_url ?? view.trace_id ?? null) : null),
    line('started', shownTime(Date.parse(view.started_at))),
    line('duration', duration_ms === null ? null : shownDuration(duration_ms)),
    line('tokens', tokens === 0 ? null : `${usage.input_tokens} in, ${usage.output_tokens} out`),
    line('steps', countsText(countSteps(view))),
    line('error', error === null ? null : errorText(error)),
    `\n${table(
      ['STEP', 'TYPE', 'STATUS', 'ATTEMPT', ''],
      view.steps.map((step) => stepRow(step, colours)),
      colours,
    )}`,
    view.output === null ? '' : `\n${JSON.stringify(view.output, null, 2)}\n`,
  ].join('');
}

function stepRow({ scope, step_id, type, status, attempt, error, waiting_for }: StepSummary, colours: Colours) {
  const waiting = waiting_for === undefined ? undefined : waitingText(waiting_for);
  const remark = error === null ? waiting : errorText(error);
  return [
    scope === '' ? step_id : `${scope}/${step_id}`,
    type,
    { text: status, colour: statusColour(status, colours) },
    attempt === 0 ? '' : String(attempt),
    status === 'waiting' && remark !== undefined ? `waits for ${remark}` : (remark ?? ''),
  ];
}
