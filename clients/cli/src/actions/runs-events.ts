import type { RunEvent } from '@llmteam/contracts';
import { make_colours, severity_colour } from '../colours.js';
import { shown_duration } from '../durations.js';
import { type ExitCode, exit_codes } from '../exit-codes.js';
import { with_store_of } from '../homes.js';
import { print_events } from '../result-output.js';
import type { Settings } from '../settings.js';
import { table } from '../table.js';

export async function runs_events(
  settings: Settings,
  [run_id = '']: readonly string[],
  { tenant, from, json }: { tenant: string; from: number; json?: boolean },
): Promise<ExitCode> {
  const run = { tenant_id: tenant, run_id };
  const events = await with_store_of(settings, run, ({ runs }) => runs.events(run, from));
  if (json === true) print_events(events, settings);
  else settings.streams.print(as_table(events, settings));
  return exit_codes.completed;
}

function as_table(events: readonly RunEvent[], settings: Settings): string {
  const colours = make_colours(settings.colours.stdout);
  const rows = events.map((event) => [
    String(event.seq),
    event.timestamp.slice(11, 23),
    { text: event.event_type, colour: event.severity === 'debug' ? colours.dim : severity_of(event, colours) },
    `${event.scope === '' ? '' : `${event.scope}/`}${event.step_id ?? ''}`,
    event.attempt === null ? '' : String(event.attempt),
    event.duration_ms === null ? '' : shown_duration(event.duration_ms),
    event.error === null ? payload_of(event) : `${event.error.error_code}: ${event.error.error_message}`,
  ]);
  return table(['SEQ', 'TIME (UTC)', 'EVENT', 'STEP', 'ATTEMPT', 'TOOK', 'WHAT'], rows, colours);
}

function severity_of({ severity }: RunEvent, colours: ReturnType<typeof make_colours>) {
  return severity === 'info' ? (text: string) => text : severity_colour(severity, colours);
}

function payload_of({ payload }: RunEvent): string {
  return Object.keys(payload).length === 0 ? '' : JSON.stringify(payload);
}
