import type { RunKey, StepDetail, StepRecord } from '@llmteam/contracts';
import { type Colours, makeColours, statusColour } from '../colours.js';
import { shownDuration, shownTimeOfDay } from '../durations.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { errorText } from '../failure-place.js';
import { withStoreOf } from '../open-stores.js';
import { plainText } from '../plain-text.js';
import type { Settings } from '../settings.js';
import { table } from '../table.js';

interface Options {
  readonly tenant: string;
  readonly json?: boolean;
}

/** Every step occurrence of a run, or what one of them got and gave. */
export async function runsSteps(
  settings: Settings,
  [runId = '', step]: readonly string[],
  options: Options,
): Promise<ExitCode> {
  const run: RunKey = { tenant_id: options.tenant, run_id: runId };
  return step === undefined ? listSteps(settings, run, options) : showStep(settings, run, step, options);
}

async function listSteps(settings: Settings, run: RunKey, { json }: Options): Promise<ExitCode> {
  const steps = await withStoreOf(settings, run, ({ runs }) => runs.steps(run));
  const colours = makeColours(settings.colours.stdout);
  const size = { width: settings.streams.stdoutColumns, whole: [0] };
  const rows = steps.map((record) => rowOf(record, colours));
  const text =
    json === true
      ? `${JSON.stringify({ steps, cursor: null }, null, 2)}\n`
      : table(['STEP', 'TYPE', 'STATUS', 'ATTEMPT', 'READY', 'TOOK', ''], rows, colours, size);
  settings.streams.print(text);
  return exitCodes.completed;
}

function rowOf(record: StepRecord, colours: Colours) {
  const { step, type, status, attempt, ready_at, ended_at, error } = record;
  const began = ready_at === null ? null : Date.parse(ready_at);
  return [
    step,
    type,
    { text: status, colour: statusColour(status, colours) },
    attempt === 0 ? '' : String(attempt),
    began === null ? '' : shownTimeOfDay(began),
    began === null || ended_at === null ? '' : shownDuration(Date.parse(ended_at) - began),
    error === null ? '' : errorText(error),
  ];
}

export async function showStep(
  settings: Settings,
  run: RunKey,
  step: string,
  { json }: Pick<Options, 'json'>,
): Promise<ExitCode> {
  const detail = await withStoreOf(settings, run, ({ runs }) => runs.step(run, step));
  const colours = makeColours(settings.colours.stdout);
  settings.streams.print(json === true ? `${JSON.stringify(detail, null, 2)}\n` : asText(detail, colours));
  return exitCodes.completed;
}

function asText({ step, type, status, error, inputs, config, outputs }: StepDetail, colours: Colours): string {
  const part = (name: string, value: unknown): string => {
    return `\n${colours.bold(name)}\n${JSON.stringify(value, null, 2)}\n`;
  };
  return [
    `${colours.bold(step)}  ${type}  ${statusColour(status, colours)(status)}\n`,
    error === null ? '' : `${plainText(errorText(error))}\n`,
    part('inputs', inputs),
    part('config', config),
    part('outputs', outputs),
  ].join('');
}
