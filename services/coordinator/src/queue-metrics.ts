import type { Metrics, Told } from '@llmteam/service-host';
import type { QueueState, QueueWatch } from './queue-watch.js';

/** Registers the metrics of the queues. Every coordinator tells them of all queues. */
export function queueMetrics(metrics: Metrics, watch: QueueWatch): void {
  const gauge = (name: string, help: string, of: (state: QueueState) => number | null): void => {
    metrics.lookedUpBy({ name, help, labels: ['queue'] }, async () =>
      (await watch.all()).flatMap((state): Told[] => {
        const value = of(state);
        return value === null ? [] : [{ labels: { queue: state.queue }, value }];
      }),
    );
  };
  gauge('queue_backlog', 'Jobs that wait for a worker.', ({ backlog }) => backlog);
  gauge('queue_in_flight', 'Jobs that workers have and have not finished.', ({ in_flight }) => in_flight);
  gauge('queue_oldest_seconds', 'How long the oldest waiting job has waited.', ({ oldest_seconds }) => oldest_seconds);
  gauge('queue_workers', 'Live workers that serve the queue.', ({ workers }) => workers);
  gauge('queue_slots', 'Jobs that these can run at the same time.', ({ slots }) => slots);
  gauge('queue_busy_slots', 'Jobs that these run, as they said a few seconds ago.', ({ busy_slots }) => busy_slots);
}
