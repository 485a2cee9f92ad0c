import type { WaitMatch } from '@llmteam/contracts';
import type { Condition } from './row-query.js';

/** Whether a row of `run_wait` is of a kind, with a key that is wanted. */
export function isOfKind(table: string, { kind, only, except = [] }: WaitMatch): readonly Condition[] {
  const ofKind = { sql: `${table}.kind = ?`, values: [kind] };
  if (only === undefined && except.length === 0) return [ofKind];
  const among = `${only === undefined ? 'NOT IN' : 'IN'} (SELECT value FROM json_each(?))`;
  const sql = `EXISTS (SELECT 1 FROM json_each(${table}.keys) AS key WHERE key.value ${among})`;
  return [ofKind, { sql, values: [JSON.stringify(only ?? except)] }];
}

/** Whether a live run found by other filters waits for any of these. */
export function waitsForAny(waits: readonly WaitMatch[]): Condition {
  const conditions = waits.map((match): Condition => {
    if (match.kind === 'paused') return { sql: "run_row.status = 'paused'", values: [] };
    const wanted = isOfKind('wait', match);
    const sql = `EXISTS (SELECT 1 FROM run_wait AS wait WHERE wait.tenant_id = run_row.tenant_id
      AND wait.run_id = run_row.run_id AND ${wanted.map((one) => one.sql).join(' AND ')})`;
    return { sql, values: wanted.flatMap(({ values }) => values) };
  });
  const any = conditions.length === 0 ? 'false' : conditions.map(({ sql }) => sql).join(' OR ');
  return { sql: `run_row.ended_at IS NULL AND (${any})`, values: conditions.flatMap(({ values }) => values) };
}
