import { dashboard, labelVariable } from './dashboard.mjs';
import { graph, stat } from './panels.mjs';
import { ofRuns, quantile, quantiles, range, rateOf, share } from './queries.mjs';

const tenant = 'tenant_id=~"$tenant"';
const segment = 'segment_id=~"$segment"';
const started = `llmteam_segments_started_total{${tenant},${segment}}`;
const ended = `llmteam_segments_completed_total{${tenant},${segment}}`;
const failed = `llmteam_segments_completed_total{${tenant},${segment},status=~"failed|timeout"}`;
const oldest = `llmteam_oldest_run_seconds{${tenant},${segment}}`;
const byTenant = (name) => `max by (tenant_id) (${name}{${tenant}})`;

const now = [
  stat(
    'Alerts that fire',
    'none',
    'See the alerts of Prometheus; each has a section in the guide "operate".',
    'count(ALERTS{alertname=~"Llmteam.+",alertstate="firing"}) or vector(0)',
    { limits: [1, 3] },
  ),
  stat('Live runs', 'none', 'Runs that have begun and not ended.', `sum(${byTenant('llmteam_running_segments')})`),
  stat(
    'Failed, of those that ended',
    'percentunit',
    'Failed or timed out, in the time shown. `llmteam runs list --status failed`, then `llmteam runs show ID`.',
    share(ofRuns(failed, '', range), ofRuns(ended, '', range)),
    { limits: [0.02, 0.1] },
  ),
  stat('Oldest live run', 's', 'If nothing of it should take so long: `llmteam runs explain ID`.', `max(${oldest})`),
  stat(
    'Waiting for nobody',
    'none',
    'Runs that no process or worker moves: start what is missing. `llmteam runs list --waiting-for not_driven no_worker worker_lost`.',
    'sum(llmteam_waiting_runs{waiting_for=~"not_driven|no_worker|worker_lost"}) or vector(0)',
    { limits: [1, 10] },
  ),
  stat(
    'Overdue tasks',
    'none',
    'A task closes when it is due. If any is overdue, its run is not driven: see the coordinators.',
    `sum(${byTenant('llmteam_overdue_tasks')})`,
    {
      limits: [1, 10],
    },
  ),
];

const runs = [
  graph('Runs, by what became of them', 'reqps', 'If fewer end than begin for long, see what live runs wait for.', [
    [ofRuns(started, ''), 'begun'],
    [ofRuns(ended, 'status'), '{{status}}'],
  ]),
  graph(
    'Failed, of those that ended',
    'percentunit',
    'By segment. One segment: a bad revision or a service that it calls. All of them: a model, a worker or the network.',
    [[share(ofRuns(failed, 'segment_id'), ofRuns(ended, 'segment_id')), '{{segment_id}}']],
    { max: 1 },
  ),
  graph(
    'How long runs took',
    's',
    'From the request to the end. Points are traces: a click shows where the time went.',
    quantiles(`llmteam_segment_duration_seconds_bucket{${segment}}`, 'max'),
    { exemplars: true },
  ),
  graph(
    'What live runs wait for',
    'none',
    'The reasons of `llmteam runs explain`, of all tenants; `moving` are those that go on. `no_worker` and `not_driven` move nothing by themselves.',
    [['sum by (waiting_for) (llmteam_waiting_runs)', '{{waiting_for}}']],
    { stacked: true },
  ),
  graph('Oldest live run', 's', 'By segment. A line that climbs is a run that does not end.', [
    [`max by (segment_id) (${oldest})`, '{{segment_id}}'],
  ]),
  graph('Live runs', 'none', 'By tenant. `gateway.limits.active_runs` bounds them.', [
    [byTenant('llmteam_running_segments'), '{{tenant_id}}'],
  ]),
];

const tasks = [
  graph(
    'Human tasks',
    'none',
    'Open ones, and of these the overdue ones. Ask who should answer: `llmteam tasks list`.',
    [
      [byTenant('llmteam_open_tasks'), 'open {{tenant_id}}'],
      [byTenant('llmteam_overdue_tasks'), 'overdue {{tenant_id}}'],
    ],
  ),
  graph('Oldest open task', 's', 'By tenant.', [[byTenant('llmteam_oldest_open_task_seconds'), '{{tenant_id}}']]),
];

const coordinators = [
  graph(
    'Unread entries',
    'none',
    'Of the partition that is furthest behind. If it grows, start coordinators or give them more CPU.',
    [['max(llmteam_coordinator_lag_entries)', 'behind']],
  ),
  graph(
    'Timers fire late by',
    's',
    'Delays, retries and time limits. Late timers mean a coordinator that is busy or behind.',
    [
      [quantile(0.5, 'llmteam_timer_lateness_seconds_bucket'), 'p50'],
      [quantile(0.99, 'llmteam_timer_lateness_seconds_bucket'), 'p99'],
    ],
  ),
  graph('Runs and timers', 'none', 'Live runs of the partitions, those in memory, pending timers.', [
    ['sum(llmteam_coordinator_live_runs)', 'live'],
    ['sum(llmteam_coordinator_resident_runs)', 'in memory'],
    ['sum(llmteam_coordinator_timers)', 'timers'],
  ]),
  graph(
    'Partitions',
    'none',
    'By coordinator. If their sum is less than `nats.partitions` for longer than a lease, runs are not driven.',
    [['llmteam_coordinator_owned_partitions', '{{instance}}']],
  ),
  graph('Entries applied and facts appended', 'cps', 'The work of the coordinators.', [
    [rateOf('llmteam_coordinator_applied_entries_total'), 'applied'],
    [rateOf('llmteam_coordinator_ignored_entries_total'), 'ignored'],
    [rateOf('llmteam_coordinator_appended_facts_total'), 'appended'],
  ]),
  graph(
    'Unusual events',
    'none',
    'In the last 5 minutes. Takeovers come with restarts; unreadable messages are listed by `llmteam doctor`.',
    [
      ['sum(increase(llmteam_coordinator_takeovers_total[5m]))', 'takeovers'],
      ['sum(increase(llmteam_coordinator_redispatched_jobs_total[5m]))', 'jobs published again'],
      ['sum(increase(llmteam_journal_unreadable_messages_total[5m]))', 'unreadable messages'],
    ],
  ),
];

export const runsDashboard = dashboard({
  uid: 'llmteam-runs',
  title: 'runs',
  description: 'Whether runs begin, go on and end as they should, and what live ones wait for.',
  variables: [
    labelVariable('tenant', 'tenant_id', 'llmteam_segments_started_total'),
    labelVariable('segment', 'segment_id', 'llmteam_segments_started_total'),
  ],
  rows: [
    { title: 'Now', panels: now },
    { title: 'Runs', panels: runs },
    { title: 'Human tasks', panels: tasks },
    { title: 'Coordinators', panels: coordinators },
  ],
});
