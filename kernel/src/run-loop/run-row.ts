import type { RunRow } from '@llmteam/contracts';
import type { Run } from '../engine/state.js';

/** A run's row in the index. */
export function rowOf(run: Run): RunRow {
  const { state } = run;
  return {
    ...state.key,
    segment_id: state.request.segment_id,
    status: state.status,
    correlation_id: state.request.correlation_id,
    metadata: state.request.metadata ?? {},
    parent_run_id: state.request.parent?.run_id ?? null,
    started_at: state.request.at,
    ended_at: state.ended_at,
  };
}
