import type { Job, StepReported } from '@llmteam/contracts';
import type { JobEnd, WorkObserver } from '@llmteam/kernel';
import { type Metrics, stepBuckets, stepDuration, stepsExecuted } from '@llmteam/service-host';

const labels = ['step_type'];

/** Registers the metrics of a worker. */
export function workerMetrics(metrics: Metrics, isConnected: () => boolean): WorkObserver {
  const jobs = metrics.counter({
    name: 'worker_jobs_total',
    help: 'Jobs that this worker has finished, by outcome: completed, failed, handed_back, dropped.',
    labels: [...labels, 'outcome'],
  });
  const running = metrics.gauge({ name: 'worker_jobs_running', help: 'Jobs that this worker is running.', labels });
  const redeliveries = metrics.counter({
    name: 'worker_redeliveries_total',
    help: 'Redelivered jobs that this worker received.',
    labels,
  });
  const steps = metrics.counter(stepsExecuted);
  const stepSeconds = metrics.histogram(stepDuration, stepBuckets);
  metrics.lookedUp({ name: 'connected', help: '1 if connected to the message server.' }, () => Number(isConnected()));
  return {
    began({ step_type }: Job, deliveries: number): void {
      running.add(1, { step_type });
      if (deliveries > 1) redeliveries.add(1, { step_type });
    },
    reported({ step_type, tenant_id }: Job, { at, started_at }: StepReported): void {
      steps.add(1, { step_type, tenant_id });
      stepSeconds.observe(Math.max(0, at - started_at) / 1_000, { step_type });
    },
    ended({ step_type }: Job, outcome: JobEnd): void {
      running.add(-1, { step_type });
      jobs.add(1, { step_type, outcome });
    },
  };
}
