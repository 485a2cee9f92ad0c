import type { Metrics } from './metrics.js';

type Counts = ReadonlyMap<string, number>;

/** The gauge of waiting runs, which coordinators have, and the one process of a folder. `read` counts live runs by reason. */
export function waitingSeries(metrics: Metrics, read: () => Counts | Promise<Counts>): void {
  const gauge = {
    name: 'waiting_runs',
    help: 'Live runs by the reason why they are where they are; a run with several counts in each. `moving`: those that go on.',
    labels: ['waiting_for'],
  };
  metrics.lookedUpBy(gauge, async () =>
    [...(await read())].map(([reason, value]) => ({ labels: { waiting_for: reason }, value })),
  );
}
