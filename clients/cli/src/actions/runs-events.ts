import type { RunEvent } from '@llmteam/contracts';
import { makeColours, severityColour } from '../colours.js';
import { shownDuration } from '../durations.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { withStoreOf } from '../open-stores.js';
import { printEvents } from '../result-output.js';
import type { Settings } from '../settings.js';
import { table } from '../table.js';

export async function runsEvents(
  settings: Settings,
  [runId = '']: readonly string[],
  { tenant, from, json }: { tenant: string; from: number; json?: boolean },
): Promise<ExitCode> {
  const run = { tenant_id: tenant, run_id: runId };
  const events = await withStoreOf(settings, run, ({ runs }) => runs.events(run, from));
  if (json === true) printEvents(events, settings);
  else settings.streams.print(asTable(events, settings));
  return exitCodes.completed;
}

function asTable(events: readonly RunEvent[], settings: Settings): string {
  const colours = makeColours(settings.colours.stdout);
  const rows = events.map((event) => [
    String(event.seq),
    event.timestamp.slice(11, 23),
    { text: event.event_type, colour: event.severity === 'debug' ? colours.dim : severityOf(event, colours) },
    `${event.scope === '' ? '' : `${event.scope}/`}${event.step_id ?? ''}`,
    event.attempt === null ? '' : String(event.attempt),
    event.duration_ms === null ? '' : shownDuration(event.duration_ms),
    event.error === null ? payloadOf(event) : `${event.error.error_code}: ${event.error.error_message}`,
  ]);
  return table(['SEQ', 'TIME (UTC)', 'EVENT', 'STEP', 'ATTEMPT', 'DURATION', 'DETAILS'], rows, colours);
}

function severityOf({ severity }: RunEvent, colours: ReturnType<typeof makeColours>) {
  return severity === 'info' ? (text: string) => text : severityColour(severity, colours);
}

function payloadOf({ payload }: RunEvent): string {
  return Object.keys(payload).length === 0 ? '' : JSON.stringify(payload);
}
