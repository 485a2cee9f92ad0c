/**
 * Purpose: an installation that runs the mixed segment to its end while the coordinator that drives it and a worker are killed.
 * Owns: the order of things, and what is kept of them. Does not own: what spans, metrics and log lines have to tell.
 */
import { partitionLeaseKey } from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { makeKey } from '../../services/support/gateways.js';
import { type Installation, withInstallation } from '../../services/support/installation.js';
import { type LogLine, linesOf, type Service } from '../../services/support/service.js';
import { until } from '../../services/support/until.js';
import { checkEnded, checkWaiting } from './mixed-metrics.js';
import { child, mixed } from './mixed-segment.js';
import { openMixedServer } from './mixed-server.js';
import { type OtlpReceiver, openOtlpReceiver, type ReceivedSpan } from './otlp-receiver.js';
import { type Ask, type Asked, recordedClient } from './recorded-client.js';

export const caller = { trace_id: '0af7651916cd43dd8448eb211c80319c', span_id: 'b7ad6b7169203331' };

/** What is left of it when all processes have ended. */
export interface MixedScene {
  readonly runId: string;
  readonly spans: readonly ReceivedSpan[];
  readonly asked: readonly Asked[];
  readonly logs: {
    readonly gateway: readonly LogLine[];
    readonly workers: readonly (readonly LogLine[])[];
    /** The coordinator that was killed, and the one that went on. */
    readonly killed: readonly LogLine[];
    readonly heir: readonly LogLine[];
  };
}

interface Services {
  readonly gateway: Service;
  readonly workers: readonly [Service, Service];
  readonly coordinators: readonly [Service, Service];
}

export async function playMixedScene(): Promise<MixedScene> {
  const receiver = await openOtlpReceiver();
  const server = await openMixedServer();
  const kept: MixedScene[] = [];
  const environment = {
    LLMTEAM_TRACING_ENDPOINT: receiver.endpoint,
    LLMTEAM_LOG_LEVEL: 'debug',
    LLMTEAM_GATEWAY_METRICS_HTTP_PORT: '0',
    LLMTEAM_WORKER_METRICS_HTTP_PORT: '0',
  };
  try {
    await withInstallation({ environment }, async (installation) => {
      installation.cli.write('llmteam.config.json', {
        clients: { server: { base_url: server.origin, allow_private_network: true } },
        llms: { model: { provider: 'offline' } },
      });
      kept.push(await play(installation, receiver));
    });
    return kept[0] as MixedScene;
  } finally {
    await server.close();
    await receiver.close();
  }
}

async function play(installation: Installation, receiver: OtlpReceiver): Promise<MixedScene> {
  const services = await startServices(installation);
  const { gateway, workers, coordinators } = services;
  const { ask, asked } = recordedClient(await gateway.url(), await makeKey(installation));
  const runId = await startMixed(ask);
  const task = `/tasks/${encodeURIComponent(`${runId}:approve`)}`;
  await until('the task', async () => (await ask('get_task', task)).status === 200 || null);
  // What a worker has not exported yet dies with it.
  const ofWorkers = () => receiver.spans.filter(({ name }) => /^(GET$|chat )/.test(name)).length;
  await until('four requests and a call of a model', () => ofWorkers() === 5 || null);
  const before = await checkWaiting({ workers, coordinators });
  const [worker, left] = workers;
  worker.signal('SIGKILL');
  const killed = await killOwner(installation, coordinators, runId);
  const heir = coordinators[0] === killed ? coordinators[1] : coordinators[0];
  assert.ok((await ask('answer_task', `${task}/answer`, { decision: 'approve' })).ok);
  await until('the end', async () => {
    const view = (await (await ask('get_run', `/runs/${runId}?wait=5`)).json()) as { status: string };
    return view.status === 'completed' || null;
  });
  await checkEnded({ gateway, worker: left, coordinator: heir }, before, asked);
  const logOf = async (service: Service): Promise<LogLine[]> => linesOf((await service.stop()).stderr);
  const logs = {
    gateway: await logOf(gateway),
    workers: [await logOf(worker), await logOf(left)],
    killed: await logOf(killed),
    heir: await logOf(heir),
  };
  return { runId, asked, spans: receiver.spans, logs };
}

/** All ready, and the partitions shared out, so that none is passed on later. */
async function startServices(installation: Installation): Promise<Services> {
  const start = (kind: 'worker' | 'coordinator') => [installation.start(kind), installation.start(kind)] as const;
  const services = {
    workers: start('worker'),
    coordinators: start('coordinator'),
    gateway: installation.start('gateway'),
  };
  const { workers, coordinators, gateway } = services;
  for (const service of [...workers, ...coordinators, gateway]) await service.ready();
  for (const coordinator of coordinators) {
    await until('a half of the partitions', async () => {
      return (await coordinator.metric('llmteam_coordinator_owned_partitions')) === 2 || null;
    });
  }
  return services;
}

async function startMixed(ask: Ask): Promise<string> {
  for (const segment of [child, mixed]) assert.ok((await ask('store_segment', '/segments', segment)).ok);
  const headers = { traceparent: `00-${caller.trace_id}-${caller.span_id}-01`, tracestate: 'acme=1' };
  const started = await ask('start_run', '/segments/mixed/runs', {}, headers);
  return ((await started.json()) as { run_id: string }).run_id;
}

/** Kills the coordinator that drives the run, without a word. */
async function killOwner(
  installation: Installation,
  coordinators: readonly Service[],
  runId: string,
): Promise<Service> {
  const killed: Service[] = [];
  await installation.withClient(async ({ backend }) => {
    const partition = backend.journal.partitionOf({ tenant_id: 'acme', run_id: runId });
    const owner = JSON.stringify((await backend.kv.get(partitionLeaseKey(partition)))?.value);
    const driving = coordinators.find(({ pid }) => owner.includes(`-${pid}-`));
    if (driving === undefined) throw new Error(`no coordinator is ${owner}`);
    driving.signal('SIGKILL');
    await driving.ended;
    killed.push(driving);
  });
  return killed[0] as Service;
}
