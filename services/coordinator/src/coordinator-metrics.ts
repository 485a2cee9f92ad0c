import type { Metrics } from '@llmteam/service-host';
import type { Root } from './root.js';

/** What a coordinator is at, looked up when somebody asks. */
export function coordinatorMetrics(metrics: Metrics, root: Root, isConnected: () => boolean): void {
  const { ownership, loops, retention } = root;
  const now = (name: string, help: string, look: () => number | Promise<number>): void =>
    metrics.lookedUp({ name, help }, look);
  const ever = (name: string, help: string, look: () => number): void => metrics.counted({ name, help }, look);
  now('connected', '1: connected to the message server.', () => Number(isConnected()));
  now('coordinator_owned_partitions', 'Partitions taken over and worked on.', () => ownership.owned().length);
  now('coordinator_live_runs', 'Runs that have not ended, in the partitions owned.', () =>
    loops.sum((of) => of.liveRuns),
  );
  now('coordinator_resident_runs', 'Live runs whose states are in memory.', () => loops.sum((of) => of.residentRuns));
  now('coordinator_timers', 'Timers armed.', () => loops.sum((of) => of.timers));
  now('coordinator_lag_entries', 'Entries that the partition furthest behind has still to read.', () =>
    loops.mostBehind(),
  );
  ever('coordinator_takeovers_total', 'Partitions taken over.', () => ownership.takeovers);
  ever('coordinator_applied_entries_total', 'Entries applied, takeovers included.', () => loops.totals().applied);
  ever('coordinator_ignored_entries_total', 'Of these, repeats and what came too late.', () => loops.totals().ignored);
  ever('coordinator_appended_facts_total', 'Facts appended by this coordinator.', () => loops.totals().appended);
  ever('coordinator_removed_runs_total', 'Runs taken away by retention.', () => retention.removed);
}
