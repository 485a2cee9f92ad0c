import type { HumanTask, TaskQuery } from '@llmteam/contracts';
import { makeColours, statusColour } from '../colours.js';
import { shownTime } from '../durations.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { findRun } from '../find-run.js';
import { merge, type Place, placeOfCursor, rowsAfter } from '../merged-list.js';
import { printNote } from '../notes.js';
import { openStores } from '../open-stores.js';
import type { Settings } from '../settings.js';
import { shortIds } from '../short-ids.js';
import { table } from '../table.js';

interface Options {
  readonly status?: readonly HumanTask['status'][];
  readonly run?: string;
  readonly segment?: string;
  readonly assignee?: string;
  readonly limit: number;
  readonly cursor?: string;
  readonly tenant: string;
  readonly json?: boolean;
}

export async function tasksList(settings: Settings, _args: readonly string[], options: Options): Promise<ExitCode> {
  const { limit, tenant, json } = options;
  const after = placeOfCursor(options.cursor);
  const query = {
    ...queryOf(options),
    ...(options.run !== undefined && { run_id: await findRun(settings, tenant, options.run) }),
  };
  const stores = await openStores(settings);
  const lists = await stores.each((runs) =>
    rowsAfter((page) => runs.tasks({ ...query, ...page }), placeOf, after, limit),
  );
  const { rows, cursor } = merge(lists, placeOf, limit);
  const { streams } = settings;
  if (json === true) {
    streams.print(`${JSON.stringify({ tasks: rows, cursor }, null, 2)}\n`);
    return exitCodes.completed;
  }
  if (rows.length === 0) printNote(settings, 'No matching tasks.');
  else streams.print(asTable(rows, settings));
  if (cursor !== null) printNote(settings, `More results: --cursor ${cursor}`);
  return exitCodes.completed;
}

function queryOf({ status, segment, assignee, tenant }: Options): TaskQuery {
  return {
    tenant_id: tenant,
    ...(status !== undefined && { status }),
    ...(segment !== undefined && { segment_id: segment }),
    ...(assignee !== undefined && { assignee }),
  };
}

function placeOf({ created_at, task_id }: HumanTask): Place {
  return { at: created_at, id: task_id };
}

function asTable(rows: readonly HumanTask[], settings: Settings): string {
  const colours = makeColours(settings.colours.stdout);
  const { stdoutColumns: width } = settings.streams;
  const short = shortIds(
    rows.map(({ run_id }) => run_id),
    width !== null,
  );
  const cells = rows.map(({ task_id, run_id, status, claimed_by, request, created_at }) => [
    `${short(run_id)}${task_id.slice(run_id.length)}`,
    { text: status, colour: statusColour(status, colours) },
    request.task_type,
    claimed_by ?? request.assignee ?? '',
    shownTime(created_at),
    request.title,
  ]);
  return table(['TASK', 'STATUS', 'TYPE', 'ASSIGNEE', 'CREATED', 'TITLE'], cells, colours, { width, whole: [0, 4] });
}
