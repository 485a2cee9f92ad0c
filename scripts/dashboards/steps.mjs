import { dashboard, labelVariable } from './dashboard.mjs';
import { graph, stat } from './panels.mjs';
import { quantile, quantiles, range, rateOf, share } from './queries.mjs';

const type = 'step_type=~"$step_type"';
const attempts = `llmteam_steps_executed_total{${type},tenant_id=~"$tenant"}`;
const jobs = `llmteam_worker_jobs_total{${type}}`;
const failed = `llmteam_worker_jobs_total{${type},outcome="failed"}`;
const durations = `llmteam_step_duration_seconds_bucket{${type}}`;
const waits = `llmteam_queue_wait_seconds_bucket{${type}}`;

const now = [
  stat('Attempts', 'none', 'That ended in the time shown.', rateOf(attempts, '', range)),
  stat(
    'Failed attempts',
    'percentunit',
    'Of those in the time shown; most are tried again.',
    share(rateOf(failed, '', range), rateOf(jobs, '', range)),
    {
      limits: [0.05, 0.2],
    },
  ),
  stat('p95 of an attempt', 's', 'From its start to its report.', quantile(0.95, durations)),
  stat(
    'p95 of the wait',
    's',
    'From the publication of a job to the start of its attempt. If it grows, add workers.',
    quantile(0.95, waits),
    {
      limits: [5, 60],
    },
  ),
  stat(
    'Lost jobs',
    'none',
    'Given up in the time shown, because too many workers died with them: their steps failed. Look at the logs of the workers, and isolate the plugin.',
    rateOf(`llmteam_jobs_lost_total{${type}}`, '', range),
    { limits: [1, 10] },
  ),
];

const attemptsRow = [
  graph('Attempts', 'ops', 'By step type.', [[rateOf(attempts, 'step_type'), '{{step_type}}']], { stacked: true }),
  graph(
    'Failed attempts',
    'percentunit',
    'By step type. Which error it is: `llmteam runs list --status failed`, the logs of the workers, or a trace.',
    [[share(rateOf(failed, 'step_type'), rateOf(jobs, 'step_type')), '{{step_type}}']],
  ),
  graph('Jobs, by how they ended', 'ops', '`handed_back`: a worker stopped; `dropped`: the run no longer wanted it.', [
    [rateOf(jobs, 'outcome'), '{{outcome}}'],
  ]),
  graph(
    'Redelivered and lost jobs',
    'none',
    'In the last 5 minutes. Jobs come again if a worker died or was silent for `nats.job_lease_seconds`.',
    [
      [`sum by (step_type) (increase(llmteam_worker_redeliveries_total{${type}}[5m]))`, 'redelivered {{step_type}}'],
      [`sum by (step_type) (increase(llmteam_jobs_lost_total{${type}}[5m]))`, 'lost {{step_type}}'],
    ],
  ),
];

const times = [
  graph('How long attempts took', 's', 'Of all types. Points are traces.', quantiles(durations), { exemplars: true }),
  graph('p95 of an attempt', 's', 'By step type.', [[quantile(0.95, durations, 'step_type'), '{{step_type}}']]),
  graph('Attempts at work', 'none', 'On average, by step type: how many slots each needs.', [
    [rateOf(`llmteam_step_duration_seconds_sum{${type}}`, 'step_type'), '{{step_type}}'],
  ]),
  graph('How long jobs waited', 's', 'Of all types. Points are traces.', quantiles(waits), { exemplars: true }),
  graph('p95 of the wait', 's', 'By step type. Long waits of one type: more slots or workers for it.', [
    [quantile(0.95, waits, 'step_type'), '{{step_type}}'],
  ]),
  graph('Mean attempt', 's', 'By step type.', [
    [
      share(
        rateOf(`llmteam_step_duration_seconds_sum{${type}}`, 'step_type'),
        rateOf(`llmteam_step_duration_seconds_count{${type}}`, 'step_type'),
      ),
      '{{step_type}}',
    ],
  ]),
];

export const stepsDashboard = dashboard({
  uid: 'llmteam-steps',
  title: 'steps',
  description: 'Attempts of task steps: how many, how long, how many fail. Only attempts can be told by tenant.',
  variables: [
    labelVariable('step_type', 'step_type', 'llmteam_worker_jobs_total'),
    labelVariable('tenant', 'tenant_id', 'llmteam_steps_executed_total'),
  ],
  rows: [
    { title: 'Now', panels: now },
    { title: 'Attempts', panels: attemptsRow },
    { title: 'Time', panels: times },
  ],
});
