/**
 * Attempts of task steps, counted once their report is stored: on NATS by the reporting worker, so sum over workers; in an
 * embedded runtime by the gateway. An attempt reported by two workers, one of them too late, is counted by both.
 */
export const stepsExecuted = {
  name: 'steps_executed_total',
  help: 'Attempts of task steps that ended, successfully or not',
  labels: ['step_type', 'tenant_id'],
} as const;

export const stepDuration = {
  name: 'step_duration_seconds',
  help: 'From the start of an attempt to its report',
  labels: ['step_type'],
} as const;

export const stepBuckets = [0.1, 0.5, 1, 2, 5, 10, 30] as const;
