/** Crashes of a process that owns a local store count as lost deliveries, against the attempts that ran, under real deaths. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Segment } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { type Cli, jsonOf, withCli } from '../cli/support/cli.js';
import { executed, touch, untilExecuted, writeDeadlyPlugin } from '../cli/support/deadly-plugin.js';
import { spec } from '../support/spec.js';

const patience = { timeoutMs: 180_000 };
const maxDeliveries = 5;

function poisonous(act: string): Segment {
  return {
    segment_id: 'poisonous',
    name: 'Poisonous',
    entrypoint: 'poison',
    steps: [
      { step_id: 'poison', type: 'deadly', config: { act, unless: 'healed' } },
      { step_id: 'caught', type: 'deadly', config: {} },
    ],
    edges: [{ from: 'poison', from_port: 'error', to: 'caught' }],
  };
}

async function runId({ call }: Cli): Promise<string> {
  const { runs } = jsonOf<{ runs: { run_id: string }[] }>(await call(['runs', 'list', '--json']));
  return runs[0]?.run_id ?? '';
}

/** Starts the run and resumes it until a process survives. Returns how many did not. */
async function crashesOf(cli: Cli, act: string): Promise<number> {
  writeDeadlyPlugin(cli);
  await cli.call(['run', cli.write('poisonous.json', poisonous(act)), '--json']);
  const id = await runId(cli);
  for (let crashes = 1; crashes <= 2 * maxDeliveries; crashes++) {
    const { code, stdout } = await cli.call(['runs', 'resume', id, '--json']);
    if (code === 0) {
      assert.ok(stdout.includes('WORKER_LOST'), stdout);
      return crashes;
    }
  }
  return Number.POSITIVE_INFINITY;
}

spec('a step that ends its process', (test) => {
  for (const act of ['exit', 'throw', 'abort', 'kill']) {
    test(
      `fails with WORKER_LOST after ${maxDeliveries} executions, and its error edge is taken: ${act}`,
      () =>
        withCli(async (cli) => {
          assert.is(await crashesOf(cli, act), maxDeliveries);
          const steps = executed(cli.folder);
          assert.is(steps.filter((step) => step === 'poison').length, maxDeliveries);
          assert.is(steps.at(-1), 'caught');
        }),
      patience,
    );
  }

  test(
    'does not keep llmteam dev from going on after a few restarts',
    () =>
      withCli(async (cli) => {
        writeDeadlyPlugin(cli);
        await cli.call(['run', cli.write('poisonous.json', poisonous('kill')), '--json']);
        const id = await runId(cli);
        for (let starts = 1; starts < maxDeliveries; starts++) await cli.call(['runs', 'resume', id]);
        const resumed = await cli.call(['runs', 'resume', id, '--json']);
        assert.is(resumed.code, 0, resumed.stderr);
      }),
    patience,
  );

  test(
    'is forgiven its crashes once it is reported: a later attempt of another run starts from none',
    () =>
      withCli(async (cli) => {
        writeDeadlyPlugin(cli);
        await cli.call(['run', cli.write('poisonous.json', poisonous('exit')), '--json']);
        const id = await runId(cli);
        for (let crashes = 1; crashes < maxDeliveries - 1; crashes++) await cli.call(['runs', 'resume', id]);
        touch(cli.folder, 'healed');
        const resumed = await cli.call(['runs', 'resume', id, '--json']);
        assert.is(resumed.code, 0, resumed.stderr);
        assert.not.ok(resumed.stdout.includes('WORKER_LOST'));
      }),
    patience,
  );

  test(
    'left with Ctrl-C, or stopped in order, counts nothing',
    () =>
      withCli(async (cli) => {
        writeDeadlyPlugin(cli);
        const started = cli.start(['run', cli.write('poisonous.json', poisonous('hang')), '--json']);
        const { run_id } = await started.event('segment.started');
        await untilExecuted(cli.folder, 1);
        started.signal('SIGKILL');
        await started.ended;
        for (let times = 2; times <= 2 + maxDeliveries; times++) {
          const resumed = cli.start(['runs', 'resume', run_id]);
          await untilExecuted(cli.folder, times);
          resumed.signal('SIGINT');
          resumed.signal('SIGINT');
          await Promise.race([resumed.ended, sleep(5_000)]);
          resumed.signal('SIGTERM');
          await resumed.ended;
          if (times === 2) break;
        }
        const shown = jsonOf<{ status: string }>(await cli.call(['runs', 'show', run_id, '--json']));
        assert.ok(['running', 'cancelled'].includes(shown.status), shown.status);
      }),
    patience,
  );
});
