/**
 * Purpose: an installation with something in every series that the dashboards show: successes, failures, retries, models, people, and a
 * step type whose workers come and go.
 */
import { join } from 'node:path';
import type { Segment } from '@llmteam/contracts';
import { LlmteamClient } from '@llmteam/sdk';
import { chain, delay, doubling, transform } from '../cli/support/segments.js';
import { makeKey } from '../services/support/gateways.js';
import type { Installation } from '../services/support/installation.js';
import type { Service } from '../services/support/service.js';
import { until } from '../services/support/until.js';
import { freePort } from '../support/free-port.js';
import { root } from './image-tree.js';
import { isDrawn, type Prometheus } from './prometheus.js';

export const traceId = '0af7651916cd43dd8448eb211c80319c';
const trace = { traceparent: `00-${traceId}-b7ad6b7169203331-01` };

/** Beside the ledger, which has a worker of its own. */
const otherTypes = 'transform,llm_agent';

function ledger(id: string, config: object, params: object = {}): Segment {
  return chain(id, [{ step_id: 'one', type: 'ledger', config: { ...config } }], { params });
}

function writing(id: string, llm: string): Segment {
  const config = { llm_ref: llm, user_prompt_template: 'Write a story.' };
  return chain(id, [{ step_id: 'write', type: 'llm_agent', config }], { params: { max_retries: 0 } });
}

/** The task is due after 4 seconds. */
const asking = chain(
  'asking',
  [{ step_id: 'ask', type: 'human_task', config: { task_type: 'approval', title: 'Now?', timeout_hours: 0.001 } }],
  { params: { timeout_seconds: null } },
);

const lasting = ledger('lasting', { sleep_ms: 600_000 }, { timeout_seconds: 900, max_retries: 0 });
const short: readonly Segment[] = [
  doubling,
  chain('failing', [transform('break', 'input.absent.key')], { params: { max_retries: 0 } }),
  chain('resting', [delay('rest', 0.05), transform('wake', '1')]),
  writing('telling', 'default'),
  writing('silent', 'broken'),
];

/** Where the metrics of each job are served. */
export type Ports = Readonly<Record<'coordinator' | 'gateway' | 'worker', readonly number[]>>;

export class ObservedLoad {
  private constructor(
    private readonly installation: Installation,
    readonly ports: Ports,
    private readonly client: LlmteamClient,
    private readonly coordinator: Service,
  ) {}

  /** Services that are ready, all but the worker of the ledger. */
  static async start(installation: Installation): Promise<ObservedLoad> {
    writeConfig(installation);
    const [coordinator = 0, gateway = 0, one = 0, two = 0] = await Promise.all(Array.from({ length: 4 }, freePort));
    const ports: Ports = { coordinator: [coordinator], gateway: [gateway], worker: [one, two] };
    const services = [
      installation.start('coordinator', { LLMTEAM_COORDINATOR_HTTP_PORT: String(coordinator) }),
      installation.start('worker', { LLMTEAM_WORKER_METRICS_HTTP_PORT: String(one), LLMTEAM_WORKER_TYPES: otherTypes }),
      installation.start('gateway', { LLMTEAM_GATEWAY_METRICS_HTTP_PORT: String(gateway) }),
    ] as const;
    await Promise.all(services.map((service) => service.ready()));
    const key = await makeKey(installation);
    const client = new LlmteamClient({ url: await services[2].url(), key });
    return new ObservedLoad(installation, ports, client, services[0]);
  }

  /** Until its end: then nobody serves the ledger, and a job waits for it. */
  async run(prometheus: Prometheus): Promise<void> {
    const first = await this.ledgerWorker();
    const flaky = ledger('flaky', { fail_first: true }, { max_retries: 1 });
    for (const segment of [...short, asking, flaky, lasting]) await this.client.storeSegment(segment);
    await Promise.all([this.shortRuns(), this.ledgerStory(first, prometheus)]);
  }

  /** Three times each, so that counters grow between two scrapes. */
  async shortRuns(): Promise<void> {
    for (let round = 0; round < 3; round++) {
      for (const { segment_id } of short) await this.client.startRun(segment_id, {}, { wait: 20, trace });
      await this.client.startRun('nowhere', {}).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 1_500));
    }
  }

  /** The last act: the coordinator dies, so nobody closes a task when it is due. */
  async abandonTask(): Promise<void> {
    await this.client.startRun('asking');
    await until('the task', async () => (await this.client.listTasks({ status: 'open' })).tasks.length > 0);
    this.coordinator.signal('SIGKILL');
  }

  /** A worker dies with a job, which is given up; the next one hands its job back, another one takes it and leaves, too. */
  private async ledgerStory(first: Service, prometheus: Prometheus): Promise<void> {
    const lost = await this.startedJob();
    first.signal('SIGKILL');
    await first.ended;
    const second = await this.ledgerWorker();
    await until('the end of the run whose worker died', async () => {
      const { status } = await this.client.getRun(lost);
      return status === 'failed';
    });
    await this.client.startRun('flaky', {}, { wait: 20 });
    await this.startedJob();
    await grown(prometheus, 'llmteam_jobs_lost_total');
    await second.stop();
    const third = await this.ledgerWorker();
    await until(
      'the job at the third worker',
      async () => (await third.metric('llmteam_worker_redeliveries_total')) > 0,
    );
    // It has no slot for this one.
    await this.client.startRun('lasting');
    await grown(prometheus, 'llmteam_worker_redeliveries_total');
    await third.stop();
  }

  private async startedJob(): Promise<string> {
    const { run_id } = await this.client.startRun('lasting');
    await until('a worker that has the job', async () => {
      const { reasons } = await this.client.explainRun(run_id);
      return reasons.some(({ reason }) => reason === 'running');
    });
    return run_id;
  }

  private ledgerWorker(): Promise<Service> {
    const environment = {
      LLMTEAM_WORKER_TYPES: 'ledger',
      LLMTEAM_WORKER_METRICS_HTTP_PORT: String(this.ports.worker[1]),
    };
    return this.installation.start('worker', environment).ready();
  }
}

/** Waits until a worker was asked for it often enough for a graph: it leaves soon, and its counters with it. */
async function grown(prometheus: Prometheus, counter: string): Promise<void> {
  const growth = `increase(${counter}[5s])`;
  await until(`two scrapes of ${counter}`, async () => isDrawn(await prometheus.recent(growth)));
}

function writeConfig({ cli }: Installation): void {
  cli.write('llmteam.config.json', {
    plugins: ['tests/faults/ledger-plugin', 'tests/deploy/priced-plugin'].map((path) => ({
      package: join(root, path),
      isolation: 'inline',
    })),
    settings: { ledger: { file: join(cli.folder, 'ledger.txt') } },
    llms: {
      default: { provider: 'priced', model: 'good' },
      broken: { provider: 'priced', model: 'broken' },
    },
    nats: { job_lease_seconds: 1 },
    worker: { max_deliveries: 1, drain_seconds: 0, concurrency_by_type: { ledger: 1 } },
    // Nobody is there, so spans are lost.
    tracing: { endpoint: 'http://127.0.0.1:9' },
  });
}
