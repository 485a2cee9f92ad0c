/** Purpose: what the metrics tell of a run of the mixed segment: while it waits for a person, and when it has ended without two of its processes. */
import * as assert from 'uvu/assert';
import { documentedSeries } from '../../services/support/documented-series.js';
import { parsedKey, type Samples, samplesOf, sumsBy } from '../../services/support/samples.js';
import type { Service } from '../../services/support/service.js';
import { until } from '../../services/support/until.js';
import type { Asked } from './recorded-client.js';

type Scraped = ReadonlyMap<Service, Samples>;

/** Series by the labels to group by, with the sums of the processes. */
type Told = Readonly<Record<string, Readonly<Record<string, number>>>>;

interface Waiting {
  readonly workers: readonly Service[];
  readonly coordinators: readonly Service[];
}

interface Ended {
  readonly gateway: Service;
  readonly worker: Service;
  readonly coordinator: Service;
}

const atRest = { 'http_action@0': 0, 'llm_agent@0': 0, 'transform@0': 0 };

/** What workers have done until the task is open; the rest is up to the one that is left. */
const workUntilTask: Told = {
  'steps_executed_total step_type tenant_id': { 'http_action acme': 4, 'llm_agent acme': 1, 'transform acme': 12 },
  'step_duration_seconds_count step_type': { http_action: 4, llm_agent: 1, transform: 12 },
  'queue_wait_seconds_count step_type': { http_action: 4, llm_agent: 1, transform: 12 },
  'worker_jobs_total step_type outcome': {
    'http_action completed': 1,
    'http_action failed': 3,
    'llm_agent completed': 1,
    'transform completed': 12,
  },
  'worker_jobs_running step_type': { http_action: 0, llm_agent: 0, transform: 0 },
  'worker_redeliveries_total step_type': {},
  'jobs_lost_total step_type': {},
  'model_call_seconds_count provider model outcome': { 'offline offline completed': 1 },
};

/** The two steps after the task. */
const workAfterTask: Told = {
  'steps_executed_total step_type tenant_id': { 'transform acme': 2 },
  'step_duration_seconds_count step_type': { transform: 2 },
  'queue_wait_seconds_count step_type': { transform: 2 },
  'worker_jobs_total step_type outcome': { 'transform completed': 2 },
  'worker_jobs_running step_type': { transform: 0 },
};

const coordinatorsAtTask: Told = {
  coordinator_owned_partitions: { '': 4 },
  coordinator_live_runs: { '': 1 },
  'waiting_runs waiting_for': { moving: 0, task: 1 },
  // The pause between two attempts, and the step that waits.
  timer_lateness_seconds_count: { '': 2 },
  coordinator_redispatched_jobs_total: { '': 0 },
  'queue_backlog queue': atRest,
  'queue_in_flight queue': atRest,
};

const coordinatorAtEnd: Told = {
  coordinator_owned_partitions: { '': 4 },
  coordinator_live_runs: { '': 0 },
  'waiting_runs waiting_for': { moving: 0 },
  coordinator_timers: { '': 0 },
  coordinator_lag_entries: { '': 0 },
  coordinator_redispatched_jobs_total: { '': 0 },
  journal_unreadable_messages_total: { '': 0 },
  'queue_backlog queue': atRest,
  'queue_in_flight queue': atRest,
};

const gatewayAtEnd: Told = {
  'segments_started_total segment_id tenant_id': { 'child acme': 1, 'mixed acme': 1 },
  'segments_completed_total segment_id tenant_id status': { 'child acme completed': 1, 'mixed acme completed': 1 },
  'segment_duration_seconds_count segment_id': { child: 1, mixed: 1 },
  'running_segments tenant_id': { acme: 0 },
  'oldest_run_seconds segment_id tenant_id': {},
  'open_tasks tenant_id': { acme: 0 },
  gateway_open_streams: { '': 0 },
};

/** The run waits for a person, and nothing else is to be done. */
export function checkWaiting({ workers, coordinators }: Waiting): Promise<Scraped> {
  return until('the metrics of a run that waits', async () => {
    const scraped = await scrapeAll([...workers, ...coordinators]);
    check(workers, scraped, workUntilTask);
    check(coordinators, scraped, coordinatorsAtTask);
    return scraped;
  });
}

/** The run has ended. `before`: what was told when it waited. */
export async function checkEnded(services: Ended, before: Scraped, asked: readonly Asked[]): Promise<void> {
  const { gateway, worker, coordinator } = services;
  const ofWorker = workOf(worker, before);
  const takenOver = takeoversOf(coordinator, before);
  const atGateway = { ...gatewayAtEnd, ...requestsOf(asked) };
  await until('the metrics of a run that has ended', async () => {
    const scraped = await scrapeAll([gateway, worker, coordinator]);
    check([gateway], scraped, atGateway);
    check([worker], scraped, ofWorker);
    check([coordinator], scraped, { ...coordinatorAtEnd, ...takenOver });
    check([worker, coordinator], scraped, { connected: { '': 2 } });
    check([gateway, worker, coordinator], scraped, { tracing_lost_spans_total: { '': 0 } });
    return true;
  });
}

/** Of the worker that is left, all in all. */
function workOf(worker: Service, before: Scraped): Told {
  const added = Object.keys(workUntilTask).map((key) => {
    const sums = { ...told([worker], before, key) };
    for (const [group, more] of Object.entries(workAfterTask[key] ?? {})) sums[group] = (sums[group] ?? 0) + more;
    return [key, sums];
  });
  return Object.fromEntries(added);
}

/** It has the partitions of the other one, too, and took over none of its own again. */
function takeoversOf(coordinator: Service, before: Scraped): Told {
  const one = (series: string): number => told([coordinator], before, series)[''] ?? 0;
  const others = 4 - one('coordinator_owned_partitions');
  return { coordinator_takeovers_total: { '': one('coordinator_takeovers_total') + others } };
}

/** What the client asked for is what the gateway has counted. A long poll is not timed. */
function requestsOf(asked: readonly Asked[]): Told {
  const count = (keys: readonly string[]): Record<string, number> => {
    const sums: Record<string, number> = {};
    for (const key of keys) sums[key] = (sums[key] ?? 0) + 1;
    return sums;
  };
  return {
    'gateway_requests_total operation status': count(asked.map(({ operation, status }) => `${operation} ${status}`)),
    'gateway_request_duration_seconds_count operation': count(
      asked.filter(({ isWaiting }) => !isWaiting).map(({ operation }) => operation),
    ),
  };
}

function check(services: readonly Service[], scraped: Scraped, expected: Told): void {
  for (const [key, sums] of Object.entries(expected)) assert.equal(told(services, scraped, key), sums, key);
}

/** Without what is asked to look at it. */
function told(services: readonly Service[], scraped: Scraped, key: string): Readonly<Record<string, number>> {
  const [series = '', ...labels] = key.split(' ');
  const sums = sumsBy(
    services.map((service) => scraped.get(service) ?? new Map()),
    series,
    labels,
  );
  return Object.fromEntries(Object.entries(sums).filter(([group]) => !/^get_(metrics|readiness)\b/.test(group)));
}

async function scrapeAll(services: readonly Service[]): Promise<Scraped> {
  return new Map(await Promise.all(services.map(async (service) => [service, await scrape(service)] as const)));
}

/** With all labels, which a coordinator shows everybody: it has none of a tenant. */
async function scrape(service: Service): Promise<Samples> {
  const { port } = await service.logged(
    service.name === 'coordinator' ? 'health, readiness and metrics are served' : 'metrics with all labels are served',
  );
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`, { signal: AbortSignal.timeout(5_000) })).text();
  const samples = samplesOf(text);
  checkLabels(service.name, samples);
  // An id in a label would be a series for each run, trace or request.
  assert.not.match(text, /="[^"]*([0-9a-f]{8}-[0-9a-f]{4}-|[0-9a-f]{16})/);
  return samples;
}

/** Each sample has the labels that are documented, and no other. */
function checkLabels(process: string, samples: Samples): void {
  const documented = documentedSeries(process);
  for (const { name, labels } of [...samples.keys()].map(parsedKey)) {
    const expected = documented.get(name) ?? documented.get(name.replace(/_(bucket|sum|count)$/, ''));
    const names = Object.keys(labels).filter((label) => label !== 'le');
    assert.equal(names.sort(), expected && [...expected].sort(), name);
  }
}
