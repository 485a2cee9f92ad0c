// takes: 15
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HumanTask, RunAccepted, RunListing, Segment } from '@llmteam/contracts';
import type { ApiError, LlmteamClient } from '@llmteam/sdk';
import * as assert from 'uvu/assert';
import { countingEntry, writeCounting } from '../cli/support/plugin.js';
import { asking, chain, echo, failing, waiting } from '../gateway/support/segments.js';
import { openSocket } from '../gateway/support/socket-client.js';
import { openSse } from '../gateway/support/sse-client.js';
import { spec } from '../support/spec.js';
import { type GatewayPlace, makeKey, withGateways } from './support/gateways.js';
import { linesOf, type Service } from './support/service.js';
import { until } from './support/until.js';

const patience = { timeoutMs: 120_000 };

/** Writes on command. */
const writing: Segment = {
  segment_id: 'writing',
  name: 'Writing',
  entrypoint: 'wait',
  steps: [
    { step_id: 'wait', type: 'wait_for_signal', config: { signal: 'go' } },
    { step_id: 'write', type: 'llm_agent', config: { llm_ref: 'default', user_prompt_template: 'Write a story.' } },
  ],
  edges: [{ from: 'wait', to: 'write' }],
};

/** Counts on command. */
const counting: Segment = {
  segment_id: 'counting',
  name: 'Counting',
  entrypoint: 'wait',
  steps: [
    { step_id: 'wait', type: 'wait_for_signal', config: { signal: 'go' } },
    { step_id: 'count', type: 'count' },
  ],
  edges: [{ from: 'wait', to: 'count' }],
};

async function listed(client: LlmteamClient): Promise<RunListing[]> {
  const runs: RunListing[] = [];
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await client.listRuns({ limit: 7, ...(cursor !== undefined && { cursor }) });
    runs.push(...page.runs);
    cursor = page.cursor;
  }
  return runs;
}

async function openTasks(client: LlmteamClient): Promise<readonly HumanTask[]> {
  return (await client.listTasks({ status: 'open' })).tasks;
}

async function statusOf(ask: Promise<unknown>): Promise<number> {
  return ask.then(
    () => 200,
    ({ status }: ApiError) => status,
  );
}

async function troubles(service: Service): Promise<unknown[]> {
  const { code, stderr } = await service.stop();
  assert.is(code, 0, stderr);
  return linesOf(stderr).filter(({ level }) => level === 'error' || level === 'warn');
}

/** Both gateways list the same runs, and this many. */
async function bothList(places: readonly GatewayPlace[], key: string, count: number): Promise<RunListing[]> {
  const [one, two] = await Promise.all(
    places.map(async (place) => {
      const client = await place.client(key);
      return until(`${count} runs that have ended`, async () => {
        const runs = await listed(client);
        return runs.length === count && runs.every(({ status }) => status !== 'running') ? runs : null;
      });
    }),
  );
  assert.equal(one, two);
  return one ?? [];
}

spec('gateways on NATS', (test) => {
  test(
    'show alike what was started through any of them, and follow it',
    () =>
      withGateways([echo, failing, chain(20), waiting], async ({ places, key, worker }) => {
        const [one, two] = await Promise.all(places.map((place) => place.client(key)));
        assert.ok(one !== undefined && two !== undefined);
        const { run_id } = await one.startRun('chain_20', { input_data: { a: 1 } });
        const sse = await openSse(await places[1].port(), run_id, key);
        const socket = openSocket(await places[1].port(), run_id, { key });
        await Promise.all([sse.ended, socket.closed]);
        const seqs = Array.from({ length: sse.seqs.length }, (_, place) => place + 1);
        assert.equal(sse.seqs, seqs);
        assert.equal(socket.seqs, seqs);
        assert.is(sse.events.at(-1)?.event_type, 'segment.completed');
        assert.is((await two.startRun('echo', { input_data: { a: 2 } }, { wait: 20 })).status, 'completed');
        assert.is((await two.startRun('failing', {}, { wait: 20 })).status, 'failed');
        for (let count = 0; count < 20; count++)
          await (count % 2 === 0 ? one : two).startRun('echo', { input_data: { count } });
        await bothList(places, key, 23);

        const { run_id: waits } = await one.startRun('waiting');
        await two.controlRun(waits, 'pause');
        await until('pause in the lists', async () => (await one.listRuns({ status: 'paused' })).runs.length === 1);
        await one.controlRun(waits, 'resume');
        await two.signalRun(waits, 'go', { payload: 'now' });
        assert.is((await one.getRun(waits, { wait: 20 })).output, 'now');

        const running = places[1].service;
        assert.is(await running.metric('llmteam_segments_started_total'), 24);
        await until('end of all runs', async () => (await running.metric('llmteam_running_segments')) === 0);
        assert.is(await running.metric('llmteam_segments_completed_total', 'status="failed"'), 1);
        assert.is(await running.metric('llmteam_segment_duration_seconds_count'), 24);
        const executed = await worker.metric('llmteam_steps_executed_total');
        assert.ok(executed >= 43, `${executed} attempts`);
        assert.match((await running.get('/metrics')).text, /process_resident_memory_bytes\{service="gateway"\} \d+/);
        for (const { service } of places) assert.equal(await troubles(service), []);
      }),
    patience,
  );

  test(
    'show what a model writes, as it writes',
    () =>
      withGateways(
        [writing],
        async ({ places, key }) => {
          const client = await places[0].client(key);
          const { run_id } = await client.startRun('writing');
          const stream = await openSse(await places[1].port(), run_id, key);
          await client.signalRun(run_id, 'go');
          await stream.ended;
          const tokens = stream.events.filter(({ event_type }) => event_type === 'llm.token');
          assert.is(tokens.map(({ text }) => text).join(''), '[offline] once upon a time');
          assert.is(stream.events.at(-1)?.event_type, 'segment.completed');
        },
        {
          config: {
            llms: { default: { provider: 'offline', responses: [{ match: 'story', text: 'once upon a time' }] } },
          },
        },
      ),
    patience,
  );

  test(
    'show how far a step says it is, over both kinds of streams',
    () =>
      withGateways(
        [counting],
        async ({ places, key }) => {
          const client = await places[0].client(key);
          const { run_id } = await client.startRun('counting');
          const sse = await openSse(await places[1].port(), run_id, key);
          const socket = openSocket(await places[0].port(), run_id, { key });
          await until('both streams', async () => sse.seqs.length > 0 && socket.seqs.length > 0);
          await client.signalRun(run_id, 'go');
          const told: unknown[] = [];
          for await (const event of client.follow(run_id)) {
            if (event.event_type === 'step.progress') told.push(event.progress.total);
          }
          await Promise.all([sse.ended, socket.closed]);
          assert.ok(told.length > 0 && told.every((total) => total === 10), JSON.stringify(told));
          for (const { events, seqs } of [sse, socket]) {
            const progress = events.filter(({ event_type }) => event_type === 'step.progress');
            const about = { event_type: 'step.progress', run_id, step_id: 'count', scope: '', attempt: 1 };
            assert.equal(progress[0], { ...about, progress: { done: 1, total: 10 } });
            assert.is(events.length, seqs.length + progress.length);
          }
          assert.is((await client.getRun(run_id)).output, 10);
        },
        { config: { plugins: [countingEntry] }, prepare: ({ write }) => writeCounting(write) },
      ),
    patience,
  );

  test(
    'take one start under one key as one run, and one answer of a task as the answer, whoever is asked',
    () =>
      withGateways([echo, asking], async ({ installation, places, key }) => {
        const clients = await Promise.all(places.map((place) => place.client(key)));
        const idempotencyKey = 'order-7';
        const starts = Array.from({ length: 20 }, (_, place) =>
          (clients[place % 2] as LlmteamClient).startRun('echo', {
            input_data: { a: 1 },
            idempotency_key: idempotencyKey,
          }),
        );
        const ids = new Set((await Promise.all(starts)).map(({ run_id }: RunAccepted) => run_id));
        assert.is(ids.size, 1);
        const other = await statusOf(
          (clients[1] as LlmteamClient).startRun('echo', { input_data: { a: 2 }, idempotency_key: idempotencyKey }),
        );
        assert.is(other, 409);

        const [one, two] = clients as [LlmteamClient, LlmteamClient];
        const { run_id } = await one.startRun('asking');
        const [task] = await until('task in the lists of both', async () => {
          const found = await Promise.all([openTasks(one), openTasks(two)]);
          return found.every(({ length }) => length === 1) ? found[1] : null;
        });
        assert.ok(task !== undefined);
        const answers = await Promise.all([
          statusOf(one.answerTask(task.task_id, { decision: 'approve', answered_by: 'ada' })),
          statusOf(two.answerTask(task.task_id, { decision: 'reject', answered_by: 'bob' })),
        ]);
        assert.equal(answers.sort(), [200, 409]);
        await two.getRun(run_id, { wait: 20 });
        await until('a closed task in the lists', async () => (await openTasks(two)).length === 0);
        const verified = await installation.cli.call(['audit', 'verify', '--nats', '--tenant', 'acme'], {
          environment: installation.environment,
        });
        assert.match(verified.stdout, /^intact: \d+ records/);
        assert.is(verified.code, 0, verified.stderr);
      }),
    patience,
  );

  test(
    'know a key that was made, and refuse one that was revoked within a second',
    () =>
      withGateways([echo], async ({ installation, places }) => {
        const { cli, environment } = installation;
        const key = await makeKey(installation, 'viewer', 'globex');
        const clients = await Promise.all(places.map((place) => place.client(key)));
        for (const client of clients) {
          await until('a key that counts', async () => (await statusOf(client.listRuns())) === 200);
          assert.is(await statusOf(client.startRun('echo')), 403);
        }
        const listing = await cli.call(['keys', 'list', '--nats', '--json'], { environment });
        const { keys } = JSON.parse(listing.stdout);
        const { prefix } = keys.find(({ tenant_id }: { tenant_id: string }) => tenant_id === 'globex');
        assert.not(listing.stdout.includes(key));
        const revoked = await cli.call(['keys', 'revoke', prefix, '--nats'], { environment });
        assert.is(revoked.code, 0, revoked.stderr);
        await sleep(1_000);
        for (const client of clients) assert.is(await statusOf(client.listRuns()), 401);
      }),
    patience,
  );

  test(
    'go on from their lists after a kill, and make them anew if they are gone or damaged',
    () =>
      withGateways([echo, waiting], async ({ installation, places, key }) => {
        const [first, second] = places;
        const client = await second.client(key);
        for (let count = 0; count < 30; count++) await client.startRun('echo', { input_data: { count } });
        await bothList(places, key, 30);
        const { run_id: waits } = await client.startRun('waiting');

        first.service.signal('SIGKILL');
        await first.service.ended;
        await client.startRun('echo', { input_data: { late: true } });
        const service = await first.startAnew();
        assert.is(await service.metric('llmteam_running_segments'), 1);
        await client.signalRun(waits, 'go');
        const before = await bothList(places, key, 32);
        assert.equal(
          linesOf((await stopped(first)).stderr).filter(({ msg }) => /rebuilt/.test(msg)),
          [],
        );

        const whole = readFileSync(first.indexFile);
        for (const damage of [
          () => rmSync(first.indexFile),
          () => writeFileSync(first.indexFile, whole.subarray(0, whole.length / 2)),
          () => writeFileSync(first.indexFile, 'not a database'),
        ]) {
          damage();
          const isGone = !existsSync(first.indexFile);
          await first.startAnew();
          assert.equal(await bothList(places, key, 32), before);
          const { stderr } = await stopped(first);
          assert.is(/index is rebuilt/.test(stderr), !isGone, stderr);
        }

        const { cli } = installation;
        const environment = { ...installation.environment, LLMTEAM_GATEWAY_INDEX_FILE: first.indexFile };
        const rebuilt = await cli.call(['index', 'rebuild', '--nats', '--json'], { environment });
        assert.is(rebuilt.code, 0, rebuilt.stderr);
        assert.is(JSON.parse(rebuilt.stdout).runs, 32);
        await first.startAnew();
        assert.equal(await bothList(places, key, 32), before);
        const refused = await cli.call(['index', 'rebuild', '--nats'], { environment });
        assert.is(refused.code, 1);
        assert.match(refused.stderr, /STORE_LOCKED/);
      }),
    patience,
  );

  test(
    'forget what retention takes away',
    () =>
      withGateways(
        [echo, waiting],
        async ({ places, key }) => {
          const client = await places[0].client(key);
          const { run_id: waits } = await client.startRun('waiting');
          const { run_id } = await client.startRun('echo', {}, { wait: 20 });
          for (const place of places) {
            const other = await place.client(key);
            await until('a list without it', async () => {
              const runs = await listed(other);
              return runs.length === 1 && runs[0]?.run_id === waits;
            });
            assert.is(await statusOf(other.getRun(run_id)), 404);
          }
        },
        { environment: { LLMTEAM_RETENTION_MAX_AGE_HOURS: '0.001' } },
      ),
    patience,
  );

  test(
    'are not ready while the server is away, say so with 503, and go on when it is back',
    () =>
      withGateways([echo], async ({ installation, places, key }) => {
        const [place] = places;
        const client = await place.client(key);
        await client.startRun('echo', { input_data: { before: true } }, { wait: 20 });
        await installation.server.kill();
        await until('a gateway that is not ready', async () => (await place.service.get('/ready')).status === 503);
        const url = `${await place.service.url()}/api/v1/segments/echo/runs`;
        const headers = { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' };
        const refused = await fetch(url, { method: 'POST', headers, body: '{}' });
        assert.is(refused.status, 503);
        assert.ok(Number(refused.headers.get('Retry-After')) > 0);
        assert.is((await place.service.get('/health')).status, 200);
        await installation.server.start();
        await place.service.ready();
        assert.is((await client.startRun('echo', { input_data: { after: true } }, { wait: 30 })).status, 'completed');
        await bothList(places, key, 2);
      }),
    patience,
  );
});

async function stopped({ service }: GatewayPlace): Promise<{ stderr: string }> {
  const { code, stderr } = await service.stop();
  assert.is(code, 0, stderr);
  return { stderr };
}
