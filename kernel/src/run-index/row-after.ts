import type { Entry, RunRedacted, RunRow } from '@llmteam/contracts';

/**
 * Applies one more entry to a run's index row, using run-level facts alone; null while the run is unknown.
 * It agrees with the engine, except that a run whose end is already decided stays `running` until `run.ended` is recorded.
 */
export function rowAfter(row: RunRow | null, { tenant_id, run_id, fact }: Entry): RunRow | null {
  switch (fact.type) {
    case 'run.requested':
      // If a run was requested more than once, the first request wins.
      return (
        row ?? {
          tenant_id,
          run_id,
          segment_id: fact.segment_id,
          status: 'running',
          correlation_id: fact.correlation_id,
          metadata: fact.metadata ?? {},
          parent_run_id: fact.parent?.run_id ?? null,
          started_at: fact.at,
          ended_at: null,
        }
      );
    case 'run.controlled':
      return row === null ? null : controlled(row, fact.action);
    case 'run.ended':
      return row === null ? null : { ...row, status: fact.status, ended_at: fact.at };
    case 'run.redacted':
      return redactedRow(fact);
    default:
      return row;
  }
}

/** All that is known of a run whose data was removed. */
export function redactedRow({ view }: RunRedacted): RunRow {
  const { tenant_id, run_id, segment_id, status, correlation_id, parent_run_id, started_at, completed_at } = view;
  return {
    tenant_id,
    run_id,
    segment_id,
    status,
    correlation_id,
    metadata: {},
    parent_run_id,
    started_at: Date.parse(started_at),
    ended_at: completed_at === null ? null : Date.parse(completed_at),
    redacted: true,
  };
}

function controlled(row: RunRow, action: 'cancel' | 'pause' | 'resume'): RunRow {
  if (action === 'pause' && row.status === 'running') return { ...row, status: 'paused' };
  if (action === 'resume' && row.status === 'paused') return { ...row, status: 'running' };
  return row;
}
