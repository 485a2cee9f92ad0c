import type { Job, StepReported } from '@llmteam/contracts';
import type { WorkObserver } from '@llmteam/kernel';
import {
  type Metrics,
  sampledTrace,
  stepBuckets,
  stepDuration,
  stepsExecuted,
  workSeries,
} from '@llmteam/service-host';

/** Registers the metrics of a worker. */
export function workerMetrics(metrics: Metrics, isConnected: () => boolean): WorkObserver {
  const steps = metrics.counter(stepsExecuted);
  const stepSeconds = metrics.histogram(stepDuration, stepBuckets);
  metrics.lookedUp({ name: 'connected', help: '1 if connected to the message server.' }, () => Number(isConnected()));
  return {
    ...workSeries(metrics),
    reported(job: Job, { at, started_at }: StepReported): void {
      const { step_type, tenant_id } = job;
      steps.add(1, { step_type, tenant_id });
      stepSeconds.observe(Math.max(0, at - started_at) / 1_000, { step_type }, sampledTrace(job));
    },
  };
}
