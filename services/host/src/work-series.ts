/**
 * Purpose: the series of a process that executes steps: a worker, or an embedded runtime.
 * Does not own: the attempts that were executed (step-series.ts), which an embedded runtime counts from the journal.
 */
import type { Job } from '@llmteam/contracts';
import type { JobEnd, ModelCall, WorkObserver } from '@llmteam/kernel';
import type { Metrics } from './metrics.js';
import { sampledTrace } from './sampled-trace.js';

const labels = ['step_type'];
const waitBuckets = [0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300];
const callBuckets = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120];
const tokenBuckets = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

export type WorkSeries = Required<Omit<WorkObserver, 'reported'>>;

export function workSeries(metrics: Metrics): WorkSeries {
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
  const lost = metrics.counter({
    name: 'jobs_lost_total',
    help: 'Jobs given up because too many workers were lost with them.',
    labels,
  });
  const waits = metrics.histogram(
    {
      name: 'queue_wait_seconds',
      help: 'From the publication of a job to the start of its attempt, of first deliveries.',
      labels,
    },
    waitBuckets,
  );
  const modelCalled = modelSeries(metrics);
  return {
    began(job: Job, deliveries: number, waitedMs: number | null): void {
      const { step_type } = job;
      running.add(1, { step_type });
      if (deliveries > 1) redeliveries.add(1, { step_type });
      if (waitedMs !== null) waits.observe(waitedMs / 1_000, { step_type }, sampledTrace(job));
    },
    ended({ step_type }: Job, outcome: JobEnd): void {
      running.add(-1, { step_type });
      jobs.add(1, { step_type, outcome });
    },
    lost: ({ step_type }: Job) => lost.add(1, { step_type }),
    modelCalled,
  };
}

function modelSeries(metrics: Metrics): (call: ModelCall) => void {
  const names = ['provider', 'model'];
  const tokens = metrics.counter({
    name: 'model_tokens_total',
    help: 'Tokens that models took and gave, by direction: input, output.',
    labels: [...names, 'direction'],
  });
  const cost = metrics.counter({
    name: 'model_cost_usd_total',
    help: 'What calls of models cost in US dollars, where the provider tells it.',
    labels: names,
  });
  const seconds = metrics.histogram(
    {
      name: 'model_call_seconds',
      help: 'Calls of models, by outcome: completed, failed, cancelled.',
      labels: [...names, 'outcome'],
    },
    callBuckets,
  );
  const firstToken = metrics.histogram(
    {
      name: 'model_first_token_seconds',
      help: 'From a call of a model to its first token, where the step streams them.',
      labels: names,
    },
    tokenBuckets,
  );
  return ({ provider, model, outcome, seconds: took, first_token_seconds, usage }) => {
    const of = { provider, model };
    seconds.observe(took, { ...of, outcome });
    if (first_token_seconds !== null) firstToken.observe(first_token_seconds, of);
    if (usage === null) return;
    tokens.add(usage.input_tokens, { ...of, direction: 'input' });
    tokens.add(usage.output_tokens, { ...of, direction: 'output' });
    if (usage.cost_usd !== undefined) cost.add(usage.cost_usd, of);
  };
}

/** The slots of a process, by queue, as they are from now on. */
export function slotSeries(metrics: Metrics, slots: () => ReadonlyMap<string, number>): void {
  metrics.lookedUpBy({ name: 'worker_slots', help: 'Jobs that this worker can run at the same time.', labels }, () =>
    [...slots()].map(([queue, value]) => ({ labels: { step_type: queue.replace(/@.*$/, '') }, value })),
  );
}
