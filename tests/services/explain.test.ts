import { type ReasonName, type RunExplanation, reasonNames, type Segment } from '@llmteam/contracts';
import type { LlmteamClient } from '@llmteam/sdk';
import { LlmteamClient as Client } from '@llmteam/sdk';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { makeKey } from './support/gateways.js';
import { type Installation, withInstallation } from './support/installation.js';
import { ledgerChain, withLedger } from './support/ledger.js';
import { until } from './support/until.js';

const patience = { timeoutMs: 120_000 };
const minuteMs = 60_000;
const busy: Segment = ledgerChain(1, minuteMs);

function single(name: string, step: object, more: object = {}): Segment {
  const params = { timeout_seconds: null };
  return {
    segment_id: name,
    name,
    entrypoint: 'step',
    params,
    steps: [{ step_id: 'step', ...step }],
    ...more,
  } as Segment;
}

/** One for each reason that needs a worker and a coordinator; `worker` comes last, when every slot is taken. */
const segments: Readonly<Partial<Record<ReasonName, Segment>>> = {
  signal: single('signal', { type: 'wait_for_signal', config: { signal: 'go' } }),
  task: single('task', { type: 'human_task', config: { task_type: 'approval', title: 'Publish?' } }),
  timer: single('timer', { type: 'delay', config: { seconds: 600 } }),
  child_run: single('child_run', { type: 'subworkflow', config: { segment_ref: 'timer' } }),
  paused: single('paused', { type: 'wait_for_signal', config: { signal: 'go' } }),
  retry: single('retry', { type: 'ledger', config: { fail_first: true }, retry: { initial_interval_seconds: 600 } }),
  slot: single(
    'slot',
    { type: 'split', config: {} },
    {
      params: { timeout_seconds: null, max_parallel: 1 },
      steps: [
        { step_id: 'step', type: 'ledger', config: {} },
        { step_id: 'one', type: 'ledger', config: { sleep_ms: minuteMs } },
        { step_id: 'two', type: 'ledger', config: { sleep_ms: minuteMs } },
      ],
      edges: ['one', 'two'].map((to) => ({ from: 'step', to })),
    },
  ),
  worker: { ...busy, segment_id: 'worker' },
};

/** The runs by id, as they are explained, and as they are listed by each reason. */
async function agreed(client: LlmteamClient, ids: Iterable<string>): Promise<Map<string, RunExplanation>> {
  const explained = new Map<string, RunExplanation>();
  for (const id of ids) explained.set(id, await client.explainRun(id));
  for (const reason of reasonNames) {
    const { runs } = await client.listRuns({ waiting_for: reason });
    const expected = [...explained].filter(([, { reasons }]) => reasons.some((one) => one.reason === reason));
    assert.equal(runs.map(({ run_id }) => run_id).sort(), expected.map(([id]) => id).sort(), reason);
    for (const run of runs) assert.ok(run.waiting_for?.includes(reason), `${run.run_id} shows ${reason}`);
  }
  return explained;
}

async function listedBy(client: LlmteamClient, reason: ReasonName, runId: string): Promise<void> {
  await until(
    `the run is listed by ${reason}`,
    async () => (await client.listRuns({ waiting_for: reason })).runs.some(({ run_id }) => run_id === runId) || null,
    30_000,
  );
}

async function withClient(use: (client: LlmteamClient, installation: Installation) => Promise<void>): Promise<void> {
  await withInstallation({}, async (installation) => {
    withLedger(installation, { worker: { concurrency_by_type: { ledger: 2 } } });
    const announcing = await installation.start('worker').ready();
    const gateway = await installation.start('gateway').ready();
    const client = new Client({ url: await gateway.url(), key: await makeKey(installation) });
    for (const segment of [busy, ...Object.values(segments)]) await client.storeSegment(segment);
    await announcing.stop();
    await use(client, installation);
  });
}

spec('why the runs of an installation are where they are', (test) => {
  test(
    'every reason is explained, and lists exactly its runs',
    () =>
      withClient(async (client, installation) => {
        const { run_id: first } = await client.startRun('ledger');
        const ids = new Map<string, string>([['first', first]]);
        await listedBy(client, 'not_driven', first);
        assert.is((await client.explainRun(first)).reasons[0]?.reason, 'not_driven');

        await installation.start('coordinator').ready();
        await listedBy(client, 'no_worker', first);
        const before = await agreed(client, ids.values());
        assert.match(String(before.get(first)?.summary), /^step 's0' waits for a worker that runs 'ledger@/);

        const worker = await installation.start('worker').ready();
        await listedBy(client, 'running', first);
        for (const [reason, { segment_id }] of Object.entries(segments)) {
          const { run_id } = await client.startRun(segment_id);
          ids.set(reason, run_id);
          if (reason === 'paused') await client.controlRun(run_id, 'pause');
          await listedBy(client, reason as ReasonName, run_id);
        }
        const child = (await client.listRuns({ parent_run_id: ids.get('child_run') ?? '' })).runs[0]?.run_id;
        const explained = await agreed(client, [...ids.values(), String(child)]);
        for (const reason of Object.keys(segments)) {
          assert.is(explained.get(ids.get(reason) ?? '')?.reasons[0]?.reason, reason);
        }

        worker.signal('SIGKILL');
        await listedBy(client, 'worker_lost', first);
        const after = await agreed(client, [...ids.values(), String(child)]);
        assert.is(after.get(first)?.reasons[0]?.reason, 'worker_lost');
        assert.is(after.get(ids.get('worker') ?? '')?.reasons[0]?.reason, 'no_worker');
      }),
    patience,
  );
});
