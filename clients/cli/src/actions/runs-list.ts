import type { Page, ReasonName, RunMetadata, RunQuery, RunRow, RunStatus } from '@llmteam/contracts';
import { listWaiting, reasonsOf } from '@llmteam/kernel';
import { makeColours, statusColour } from '../colours.js';
import { shownDuration, shownTime } from '../durations.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { merge, type Place, placeOfCursor, rowsAfter } from '../merged-list.js';
import { printNote } from '../notes.js';
import { openStores } from '../open-stores.js';
import { resumeCommand } from '../own-commands.js';
import { staffOfFolder } from '../own-folder.js';
import type { IsDriven, ListedRow, Runs } from '../run-stores.js';
import type { Settings } from '../settings.js';
import { shortIds } from '../short-ids.js';
import { table } from '../table.js';

interface Options {
  readonly status?: readonly RunStatus[];
  readonly waitingFor?: readonly ReasonName[];
  readonly segment?: string;
  readonly correlationId?: string;
  readonly parent?: string;
  readonly metadata?: RunMetadata;
  readonly since?: number;
  readonly until?: number;
  readonly limit: number;
  readonly cursor?: string;
  readonly tenant: string;
  readonly json?: boolean;
}

export async function runsList(settings: Settings, _args: readonly string[], options: Options): Promise<ExitCode> {
  const { limit, json } = options;
  const after = placeOfCursor(options.cursor);
  const stores = await openStores(settings);
  const query = queryOf(options);
  const lists = await stores.each(async (runs, isDriven) => {
    const read = listOf(runs, isDriven, options.waitingFor);
    const found = await rowsAfter((page) => read({ ...query, ...page }), placeOf, after, limit);
    return found.map((row) => ({ ...row, isOrphan: row.ended_at === null && !isDriven(row) }));
  });
  const { rows, cursor } = merge(lists, placeOf, limit);
  const { streams } = settings;
  if (json === true) {
    streams.print(`${JSON.stringify({ runs: rows.map(asJson), cursor }, null, 2)}\n`);
    return exitCodes.completed;
  }
  if (rows.length === 0) printNote(settings, 'No matching runs.');
  else streams.print(asTable(rows, settings));
  noteOrphans(rows, settings);
  if (cursor !== null) printNote(settings, `More results: --cursor ${cursor}`);
  return exitCodes.completed;
}

/** How a store lists, with the reasons of each run. */
function listOf(
  runs: Runs,
  isDriven: IsDriven,
  reasons: readonly ReasonName[] | undefined,
): (query: RunQuery) => Promise<Page<ListedRow>> {
  const { listWaiting: askForWaiting } = runs;
  if (askForWaiting !== undefined) {
    return (query) => (reasons === undefined ? runs.list(query) : askForWaiting.call(runs, query, reasons));
  }
  const staff = staffOfFolder(isDriven);
  const list = (query: RunQuery): Promise<Page<RunRow>> => runs.list(query);
  return async (query) => {
    const { rows, cursor } = await (reasons === undefined ? list(query) : listWaiting(list, query, reasons, staff));
    return { rows: rows.map((row) => withReasons(row, reasonsOf(row, staff))), cursor };
  };
}

function withReasons({ waits: _, ...row }: RunRow, reasons: readonly ReasonName[]): ListedRow {
  return reasons.length === 0 ? row : { ...row, waiting_for: reasons };
}

function queryOf({ status, segment, correlationId, parent, metadata, since, until, tenant }: Options): RunQuery {
  return {
    tenant_id: tenant,
    ...(status !== undefined && { status }),
    ...(segment !== undefined && { segment_id: segment }),
    ...(correlationId !== undefined && { correlation_id: correlationId }),
    ...(parent !== undefined && { parent_run_id: parent }),
    ...(metadata !== undefined && { metadata }),
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
  };
}

/** A row of a list, and whether it is unfinished and no process works on it. */
type ListedRun = ListedRow & { readonly isOrphan: boolean };

function noteOrphans(rows: readonly ListedRun[], settings: Settings): void {
  const orphans = rows.filter(({ isOrphan }) => isOrphan);
  const [first] = orphans;
  if (first === undefined) return;
  const which = orphans.length === 1 ? 'one run' : `${orphans.length} runs`;
  printNote(settings, `No process works on ${which}. To go on: ${resumeCommand(settings, first)}`);
}

function placeOf({ started_at, run_id }: RunRow): Place {
  return { at: started_at, id: run_id };
}

/** The same names and time formats as in `runs show --json`; `is_orphan` is present if no process works on the run. */
function asJson({ started_at, ended_at, isOrphan, ...row }: ListedRun): object {
  return {
    ...row,
    ...(isOrphan && { is_orphan: true }),
    started_at: new Date(started_at).toISOString(),
    completed_at: ended_at === null ? null : new Date(ended_at).toISOString(),
    duration_ms: ended_at === null ? null : ended_at - started_at,
  };
}

function asTable(rows: readonly ListedRun[], settings: Settings): string {
  const colours = makeColours(settings.colours.stdout);
  const { stdoutColumns: width } = settings.streams;
  const short = shortIds(
    rows.map(({ run_id }) => run_id),
    width !== null,
  );
  const cells = rows.map(({ run_id, segment_id, status, started_at, ended_at, isOrphan }) => [
    short(run_id),
    segment_id,
    isOrphan ? { text: 'no process', colour: colours.yellow } : { text: status, colour: statusColour(status, colours) },
    shownTime(started_at),
    ended_at === null ? '' : shownDuration(ended_at - started_at),
  ]);
  return table(['RUN', 'SEGMENT', 'STATUS', 'STARTED', 'DURATION'], cells, colours, { width, whole: [0] });
}
