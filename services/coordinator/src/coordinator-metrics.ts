import type { KvStore } from '@llmteam/contracts';
import { countWaiting, listWorkers, workforce } from '@llmteam/kernel';
import { type Metrics, waitingSeries } from '@llmteam/service-host';
import type { Root } from './root.js';

/** Registers the metrics of a coordinator, which are read on every scrape. */
export function coordinatorMetrics(metrics: Metrics, root: Root, kv: KvStore, isConnected: () => boolean): void {
  const { ownership, loops, retention } = root;
  const gauge = (name: string, help: string, read: () => number | Promise<number>): void =>
    metrics.lookedUp({ name, help }, read);
  const counter = (name: string, help: string, read: () => number): void => metrics.counted({ name, help }, read);
  gauge('connected', '1 if connected to the message server.', () => Number(isConnected()));
  gauge(
    'coordinator_owned_partitions',
    'Partitions that this coordinator has taken over and drives.',
    () => ownership.owned().length,
  );
  gauge('coordinator_live_runs', 'Runs that have not ended, in the owned partitions.', () =>
    loops.sum((of) => of.liveRuns),
  );
  waitingSeries(metrics, async () => countWaiting(loops.waiting(), workforce(await listWorkers(kv))));
  gauge('coordinator_resident_runs', 'Live runs whose state is in memory.', () => loops.sum((of) => of.residentRuns));
  gauge('coordinator_timers', 'Pending timers.', () => loops.sum((of) => of.timers));
  gauge('coordinator_lag_entries', 'Unread entries of the partition that is furthest behind.', () => loops.maxLag());
  counter('coordinator_takeovers_total', 'Partitions taken over.', () => ownership.takeovers);
  counter(
    'coordinator_applied_entries_total',
    'Journal entries applied, including during takeovers.',
    () => loops.totals().applied,
  );
  counter(
    'coordinator_ignored_entries_total',
    'Applied entries that were ignored as duplicates or too late.',
    () => loops.totals().ignored,
  );
  counter('coordinator_appended_facts_total', 'Facts appended by this coordinator.', () => loops.totals().appended);
  counter(
    'journal_unreadable_messages_total',
    'Journal messages that cannot be read and were passed over; their runs are given up.',
    () => loops.totals().unreadable,
  );
  counter(
    'coordinator_redispatched_jobs_total',
    'Jobs that were published again because they were in flight for long, or the queue lost them.',
    () => loops.totals().redispatched,
  );
  counter('coordinator_removed_runs_total', 'Runs removed by retention.', () => retention.removed);
}
