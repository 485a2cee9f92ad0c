import {
  guardedMetricsExposure,
  type Metrics,
  type MetricsExposure,
  type MetricsRequest,
  type MetricsText,
} from '@llmteam/service-host';
import type { OldestRuns } from './oldest-runs.js';
import type { OpenTasks, TenantTasks } from './open-tasks.js';

export interface Gauged {
  /** Active runs per tenant. */
  readonly activeRuns: () => ReadonlyMap<string, number>;
  readonly oldestRuns: OldestRuns;
  readonly tasks: OpenTasks;
  readonly openStreams: () => number;
  readonly unreadBytes: () => number;
}

/** `/metrics`: every series of the process, and the gauges that are read on each scrape. */
export class MetricsPage {
  private readonly exposure: MetricsExposure;

  constructor(metrics: Metrics, token: string | null, gauged: Gauged) {
    const { activeRuns, oldestRuns, tasks, openStreams, unreadBytes } = gauged;
    this.exposure = guardedMetricsExposure(metrics.registry, token);
    metrics.lookedUpBy(
      { name: 'running_segments', help: 'Runs that have begun and not ended', labels: ['tenant_id'] },
      () => [...activeRuns()].map(([tenantId, value]) => ({ labels: { tenant_id: tenantId }, value })),
    );
    metrics.lookedUpBy(
      {
        name: 'oldest_run_seconds',
        help: 'Age of the oldest run that has not ended',
        labels: ['segment_id', 'tenant_id'],
        aggregator: 'max',
      },
      () => oldestRuns.read(),
    );
    metrics.lookedUp({ name: 'gateway_open_streams', help: 'Readers that follow runs now' }, openStreams);
    metrics.lookedUp(
      {
        name: 'gateway_unread_bytes',
        help: 'Bytes that were sent to readers of streams and wait in this process',
      },
      unreadBytes,
    );
    taskSeries(metrics, tasks);
  }

  /** @throws LlmteamError `UNAUTHENTICATED` if a token is configured and the request has another */
  text(request: MetricsRequest): Promise<MetricsText> {
    return this.exposure(request);
  }
}

function taskSeries(metrics: Metrics, tasks: OpenTasks): void {
  const gauge = (
    name: string,
    help: string,
    of: (told: TenantTasks) => number,
    aggregator: 'sum' | 'max' = 'sum',
  ): void => {
    metrics.lookedUpBy({ name, help, labels: ['tenant_id'], aggregator }, async () =>
      (await tasks.byTenant()).map((told) => ({ labels: { tenant_id: told.tenant_id }, value: of(told) })),
    );
  };
  gauge('open_tasks', 'Human tasks that are not closed.', ({ open }) => open);
  gauge('overdue_tasks', 'Of these, the ones whose due time has passed.', ({ overdue }) => overdue);
  gauge('oldest_open_task_seconds', 'Age of the oldest open human task.', (told) => told.oldest_seconds, 'max');
}
