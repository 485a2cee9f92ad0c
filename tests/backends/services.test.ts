// own process: signals itself, and is loaded with `await`
/** Coordinator, worker and gateway on a backend from outside, which the configuration names. It is in memory, so they share a process. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger, Segment } from '@llmteam/contracts';
import { runCoordinator } from '@llmteam/coordinator';
import { KeyStore, runGateway } from '@llmteam/gateway';
import { LlmteamClient } from '@llmteam/sdk';
import { loadConfig, openServiceBackend, type ServiceConfig, serviceConfig, systemClock } from '@llmteam/service-host';
import { runWorker } from '@llmteam/worker';
import * as assert from 'uvu/assert';
import { rejectsWith } from '../plugins/support/rejection.js';
import { until } from '../services/support/until.js';
import { spec } from '../support/spec.js';
import { outsideBackend } from './outside-backend.js';

const { folder } = await outsideBackend();
const anyPort = { host: '127.0.0.1', port: 0 };

/** Resolves at the line with this message. */
class Lines {
  private readonly seen: { readonly fields: object; readonly message: string }[] = [];
  private readonly waiting = new Set<() => void>();

  readonly log: Logger = {
    debug: () => undefined,
    info: (fields, message = '') => this.add(fields, message),
    warn: (fields, message = '') => this.add(fields, message),
    error: (fields, message = '') => this.add(fields, message),
    child: () => this.log,
  };

  async of(message: string): Promise<object> {
    for (;;) {
      const line = this.seen.find((one) => one.message === message);
      if (line !== undefined) return line.fields;
      await new Promise<void>((resolve) => this.waiting.add(resolve));
    }
  }

  private add(fields: object, message: string): void {
    this.seen.push({ fields, message });
    for (const wake of this.waiting) wake();
    this.waiting.clear();
  }
}

function configure(more: object = {}): ServiceConfig {
  const path = join(folder, 'llmteam.config.json');
  const backend = { package: '.', settings: { space: 'services', partitions: 2, job_lease_seconds: 2 } };
  const coordinator = { http: anyPort, lease_seconds: 2 };
  const gateway = { http: anyPort, index_file: 'index.db' };
  writeFileSync(path, JSON.stringify({ backend, coordinator, worker: { http: anyPort }, gateway, ...more }));
  return serviceConfig(loadConfig(path, {}));
}

async function withServices(use: (client: LlmteamClient) => Promise<void>): Promise<void> {
  const config = configure();
  const lines = new Lines();
  const { log } = lines;
  const leave = (): void => undefined;
  const clock = systemClock();
  const backend = await openServiceBackend(config, { name: 'test', clock, log });
  const services = Promise.all([
    runCoordinator({ config, log, leave }),
    runWorker({ config, log, leave }),
    runGateway({ config, log, leave, version: '0' }),
  ]);
  try {
    const { port } = (await Promise.race([lines.of('the gateway serves requests'), services])) as { port: number };
    await Promise.all([lines.of('the coordinator has joined'), lines.of('the worker takes jobs')]);
    const request = { tenant_id: 'acme', role: 'admin', name: 'test', expires_at: null } as const;
    const { key } = await new KeyStore(backend.kv, clock).create(request);
    await use(new LlmteamClient({ url: `http://127.0.0.1:${port}`, key }));
  } finally {
    process.emit('SIGTERM', 'SIGTERM');
    assert.equal(await services, ['stopped', 'stopped', 'stopped']);
    await backend.close();
  }
}

const segment: Segment = {
  segment_id: 'order',
  name: 'Order',
  entrypoint: 'sum',
  steps: [
    { step_id: 'sum', type: 'transform', config: { expression: 'input.amounts[0] + input.amounts[1]' } },
    { step_id: 'rest', type: 'delay', config: { seconds: 0.1 } },
    { step_id: 'ask', type: 'human_task', config: { task_type: 'approval', title: 'All right?' } },
  ],
  edges: [
    { from: 'sum', to: 'rest' },
    { from: 'rest', to: 'ask' },
  ],
};

spec('services on a backend from outside', (test) => {
  test(
    'run a segment with a job, a timer and a person, list it, and stop in order',
    () =>
      withServices(async (client) => {
        await client.storeSegment(segment);
        const { run_id } = await client.startRun('order', { input_data: { amounts: [3, 4] } });
        const task = await until('the task', async () => (await client.listTasks({ run_id })).tasks[0] ?? null);
        await client.answerTask(task.task_id, { decision: 'approve' });
        const run = await client.getRun(run_id, { wait: 30 });
        assert.is(run.status, 'completed');
        assert.equal((await client.getStep(run_id, 'sum')).outputs, { output: 7 });
        const listed = await until('the end in the list', async () => {
          const [row] = (await client.listRuns()).runs;
          return row?.status === 'completed' ? row : null;
        });
        assert.is(listed.run_id, run_id);
      }),
    { timeoutMs: 60_000 },
  );

  test('refuse to start with a limit that the backend does not enforce', async () => {
    const config = configure({ retention: { max_runs: 10 } });
    const { log } = new Lines();
    const coordinator = { config, log, leave: () => undefined };
    const { message } = await rejectsWith('CONFIG_INVALID', () => runCoordinator(coordinator));
    assert.is(message, "'retention' limits which runs are kept, but the backend cannot remove any");
  });
});
