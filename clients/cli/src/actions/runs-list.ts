import type { RunQuery, RunRow } from '@llmteam/contracts';
import { make_colours, status_colour } from '../colours.js';
import { shown_duration, shown_time } from '../durations.js';
import { type ExitCode, exit_codes } from '../exit-codes.js';
import { stores_here } from '../homes.js';
import { merge, type Place, place_of_cursor, rows_after } from '../merged-list.js';
import type { Settings } from '../settings.js';
import { table } from '../table.js';

interface Options {
  readonly status?: NonNullable<RunQuery['status']>;
  readonly segment?: string;
  readonly correlationId?: string;
  readonly since?: number;
  readonly limit: number;
  readonly cursor?: string;
  readonly tenant: string;
  readonly json?: boolean;
}

export async function runs_list(settings: Settings, _args: readonly string[], options: Options): Promise<ExitCode> {
  const { limit, json } = options;
  const after = place_of_cursor(options.cursor);
  const stores = await stores_here(settings);
  const query = query_of(options);
  const lists = await stores.each((runs) =>
    rows_after((page) => runs.list({ ...query, ...page }), place_of, after, limit),
  );
  const { rows, cursor } = merge(lists, place_of, limit);
  const { streams } = settings;
  if (json === true) {
    streams.print(`${JSON.stringify({ runs: rows.map(as_json), cursor }, null, 2)}\n`);
    return exit_codes.completed;
  }
  if (rows.length === 0) streams.note('There are no such runs.');
  else streams.print(as_table(rows, settings));
  if (cursor !== null) streams.note(`There are more: --cursor ${cursor}`);
  return exit_codes.completed;
}

function query_of({ status, segment, correlationId, since, tenant }: Options): RunQuery {
  return {
    tenant_id: tenant,
    ...(status !== undefined && { status }),
    ...(segment !== undefined && { segment_id: segment }),
    ...(correlationId !== undefined && { correlation_id: correlationId }),
    ...(since !== undefined && { since }),
  };
}

function place_of({ started_at, run_id }: RunRow): Place {
  return { at: started_at, id: run_id };
}

/** Names and times as `runs show --json` has them. */
function as_json({ started_at, ended_at, ...row }: RunRow): object {
  return {
    ...row,
    started_at: new Date(started_at).toISOString(),
    completed_at: ended_at === null ? null : new Date(ended_at).toISOString(),
    duration_ms: ended_at === null ? null : ended_at - started_at,
  };
}

function as_table(rows: readonly RunRow[], settings: Settings): string {
  const colours = make_colours(settings.colours.stdout);
  const cells = rows.map(({ run_id, segment_id, status, started_at, ended_at }) => [
    run_id,
    segment_id,
    { text: status, colour: status_colour(status, colours) },
    shown_time(started_at),
    ended_at === null ? '' : shown_duration(ended_at - started_at),
  ]);
  return table(['RUN', 'SEGMENT', 'STATUS', 'STARTED', 'TOOK'], cells, colours);
}
