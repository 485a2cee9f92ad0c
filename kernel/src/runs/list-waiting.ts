import { type Page, type ReasonName, type RunQuery, type RunRow, runStatuses } from '@llmteam/contracts';
import { matchesFor, reasonsOf, type Staff } from './waiting-reasons.js';

const liveStatuses = runStatuses.filter(
  (status) => status === 'pending' || status === 'running' || status === 'paused',
);
/** Rows read for one page where the index cannot find them: those that nobody drives. */
const mostRead = 20_000;

/**
 * A page of the live runs with one of these reasons. It may be shorter than it was asked for, and yet have a cursor.
 * @throws LlmteamError as `RunIndex.runs`
 */
export async function listWaiting(
  list: (query: RunQuery) => Promise<Page<RunRow>>,
  { limit = 50, ...query }: RunQuery,
  reasons: readonly ReasonName[],
  staff: Staff,
): Promise<Page<RunRow>> {
  const waits = matchesFor(reasons, staff);
  const filter = waits === null ? { ...query, status: liveAmong(query.status) } : { ...query, waits };
  const rows: RunRow[] = [];
  let { cursor = null }: { cursor?: string | null } = query;
  let read = 0;
  do {
    const page = await list({ ...filter, limit: limit - rows.length, ...(cursor !== null && { cursor }) });
    rows.push(...page.rows.filter((row) => reasonsOf(row, staff).some((reason) => reasons.includes(reason))));
    cursor = page.cursor;
    read += page.rows.length;
  } while (cursor !== null && rows.length < limit && read < mostRead);
  return { rows, cursor };
}

function liveAmong(status: RunQuery['status'] = liveStatuses): RunQuery['status'] & object {
  const wanted = typeof status === 'string' ? [status] : status;
  return liveStatuses.filter((one) => wanted.includes(one));
}
