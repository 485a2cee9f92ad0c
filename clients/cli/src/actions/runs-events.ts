import type { RunEvent, RunKey } from '@llmteam/contracts';
import { makeColours, severityColour } from '../colours.js';
import { shownDuration, shownTimeOfDay } from '../durations.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { errorText } from '../failure-place.js';
import { withStoreOf } from '../open-stores.js';
import { printEvents } from '../result-output.js';
import type { Settings } from '../settings.js';
import { table } from '../table.js';

export async function runsEvents(
  settings: Settings,
  [runId = '']: readonly string[],
  { tenant, from, json }: { tenant: string; from: number; json?: boolean },
): Promise<ExitCode> {
  const run: RunKey = { tenant_id: tenant, run_id: runId };
  const events = await withStoreOf(settings, run, ({ runs }) => runs.events(run, from));
  if (json === true) printEvents(events, settings);
  else settings.streams.print(asTable(events, settings));
  return exitCodes.completed;
}

function asTable(events: readonly RunEvent[], settings: Settings): string {
  const colours = makeColours(settings.colours.stdout);
  const rows = events.map((event) => [
    String(event.seq),
    shownTimeOfDay(Date.parse(event.timestamp)),
    { text: event.event_type, colour: event.severity === 'debug' ? colours.dim : severityOf(event, colours) },
    `${event.scope === '' ? '' : `${event.scope}/`}${event.step_id ?? ''}`,
    event.attempt === null ? '' : String(event.attempt),
    event.duration_ms === null ? '' : shownDuration(event.duration_ms),
    event.error === null ? payloadOf(event) : errorText(event.error),
  ]);
  const head = ['SEQ', 'TIME', 'EVENT', 'STEP', 'TRY', 'TOOK', 'DETAILS'];
  return table(head, rows, colours, { width: settings.streams.stdoutColumns, whole: [0, 1] });
}

function severityOf({ severity }: RunEvent, colours: ReturnType<typeof makeColours>) {
  return severity === 'info' ? (text: string) => text : severityColour(severity, colours);
}

function payloadOf({ payload }: RunEvent): string {
  return Object.keys(payload).length === 0 ? '' : JSON.stringify(payload);
}
