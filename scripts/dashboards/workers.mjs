import { dashboard, labelVariable } from './dashboard.mjs';
import { graph, stat } from './panels.mjs';
import { processPanels } from './processes.mjs';
import { rateOf, share } from './queries.mjs';

/** Of queues, which every coordinator tells: one of them is taken. */
const queues = (name) => `max by (queue) (llmteam_queue_${name}{queue=~"$queue"})`;

const now = [
  stat('Jobs that wait', 'none', 'For a worker. If it grows, add workers.', `sum(${queues('backlog')})`),
  stat('Jobs in flight', 'none', 'Those that workers have.', `sum(${queues('in_flight')})`),
  stat('Longest wait', 's', 'Of the jobs that wait now.', `max(${queues('oldest_seconds')})`, { limits: [30, 300] }),
  stat(
    'Busy slots',
    'percentunit',
    'Above 0.8 for long: add workers or raise `worker.concurrency`.',
    share(`sum(${queues('busy_slots')})`, `sum(${queues('slots')})`),
    {
      limits: [0.8, 0.95],
    },
  ),
  stat(
    'Queues that nobody serves',
    'none',
    'And that have jobs: start a worker with that plugin and version.',
    `count(${queues('backlog')} + ${queues('in_flight')} > 0 and ${queues('workers')} == 0) or vector(0)`,
    {
      limits: [1, 1],
    },
  ),
  stat(
    'Processes without NATS',
    'none',
    'Coordinators and workers that are not connected to it: see the server and the network.',
    'count(llmteam_connected == 0) or vector(0)',
    {
      limits: [1, 3],
    },
  ),
];

const queueRow = [
  graph('Jobs that wait', 'none', 'By queue. One that only grows: see its workers, slots and failed attempts.', [
    [queues('backlog'), '{{queue}}'],
  ]),
  graph('Longest wait', 's', 'By queue, of the jobs that wait now.', [[queues('oldest_seconds'), '{{queue}}']]),
  graph('Jobs in flight', 'none', 'By queue.', [[queues('in_flight'), '{{queue}}']]),
  graph('Workers', 'none', 'By queue. 0 with jobs that wait: nobody serves it.', [[queues('workers'), '{{queue}}']]),
  graph('Slots', 'none', 'By queue: what there is, and what is busy.', [
    [queues('slots'), '{{queue}}'],
    [queues('busy_slots'), 'busy {{queue}}'],
  ]),
  graph('Busy slots', 'percentunit', 'By queue.', [[share(queues('busy_slots'), queues('slots')), '{{queue}}']], {
    max: 1,
  }),
];

const workers = [
  graph('Jobs that run', 'none', 'By worker. One at 0 while others are full does not get jobs: see its log.', [
    ['sum by (instance) (llmteam_worker_jobs_running)', '{{instance}}'],
  ]),
  graph('Jobs that ended', 'ops', 'By worker.', [[rateOf('llmteam_worker_jobs_total', 'instance'), '{{instance}}']]),
  graph('Slots', 'none', 'By worker and step type.', [
    ['sum by (instance, step_type) (llmteam_worker_slots)', '{{instance}} {{step_type}}'],
  ]),
];

export const workersDashboard = dashboard({
  uid: 'llmteam-workers',
  title: 'workers and queues',
  description: 'Whether jobs find a worker, and whether processes are well.',
  variables: [labelVariable('queue', 'queue', 'llmteam_queue_backlog')],
  rows: [
    { title: 'Now', panels: now },
    { title: 'Queues', panels: queueRow },
    { title: 'Workers', panels: workers },
    { title: 'Processes', panels: processPanels('service=~"coordinator|worker"') },
  ],
});
