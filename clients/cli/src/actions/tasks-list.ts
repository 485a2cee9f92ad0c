import type { HumanTask, TaskQuery } from '@llmteam/contracts';
import { make_colours, status_colour } from '../colours.js';
import { shown_time } from '../durations.js';
import { type ExitCode, exit_codes } from '../exit-codes.js';
import { stores_here } from '../homes.js';
import { merge, type Place, place_of_cursor, rows_after } from '../merged-list.js';
import type { Settings } from '../settings.js';
import { table } from '../table.js';

interface Options {
  readonly status?: HumanTask['status'];
  readonly run?: string;
  readonly limit: number;
  readonly cursor?: string;
  readonly tenant: string;
  readonly json?: boolean;
}

export async function tasks_list(settings: Settings, _args: readonly string[], options: Options): Promise<ExitCode> {
  const { status, run, limit, tenant, json } = options;
  const after = place_of_cursor(options.cursor);
  const query: TaskQuery = {
    tenant_id: tenant,
    ...(status !== undefined && { status }),
    ...(run !== undefined && { run_id: run }),
  };
  const stores = await stores_here(settings);
  const lists = await stores.each((runs) =>
    rows_after((page) => runs.tasks({ ...query, ...page }), place_of, after, limit),
  );
  const { rows, cursor } = merge(lists, place_of, limit);
  const { streams } = settings;
  if (json === true) {
    streams.print(`${JSON.stringify({ tasks: rows, cursor }, null, 2)}\n`);
    return exit_codes.completed;
  }
  if (rows.length === 0) streams.note('There are no such tasks.');
  else streams.print(as_table(rows, settings));
  if (cursor !== null) streams.note(`There are more: --cursor ${cursor}`);
  return exit_codes.completed;
}

function place_of({ created_at, task_id }: HumanTask): Place {
  return { at: created_at, id: task_id };
}

function as_table(rows: readonly HumanTask[], settings: Settings): string {
  const colours = make_colours(settings.colours.stdout);
  const cells = rows.map(({ task_id, status, claimed_by, request, created_at }) => [
    task_id,
    { text: status, colour: status_colour(status, colours) },
    request.task_type,
    claimed_by ?? request.assignee ?? '',
    shown_time(created_at),
    request.title,
  ]);
  return table(['TASK', 'STATUS', 'TYPE', 'WHO', 'SINCE', 'TITLE'], cells, colours);
}
