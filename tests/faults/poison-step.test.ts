/** Crashes of a process that owns a local store count as lost deliveries, against the attempts that ran, under real deaths. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Segment } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { type Cli, jsonOf, withCli } from '../cli/support/cli.js';
import { executed, touch, untilExecuted, writeDeadlyPlugin } from '../cli/support/deadly-plugin.js';
import { askingAt, startDev } from '../cli/support/dev-service.js';
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

async function caught(folder: string): Promise<void> {
  while (executed(folder).at(-1) !== 'caught') await sleep(20);
}

spec('a step that ends its process', (test) => {
  for (const act of ['exit', 'abort', 'kill']) {
    test(
      `fails with WORKER_LOST after ${maxDeliveries} executions, and its error edge is taken: ${act}`,
      () =>
        withCli(async (cli) => {
          assert.is(await crashesOf(cli, act), maxDeliveries);
          const steps = executed(cli.folder);
          assert.is(steps.filter((step) => step === 'poison').length, maxDeliveries);
          assert.is(steps.at(-1), 'caught');
          const letters = jsonOf<{ dead_letters: { step: string }[] }>(await cli.call(['dead-letters', '--json']));
          assert.equal(
            letters.dead_letters.map(({ step }) => step),
            ['poison'],
          );
        }),
      patience,
    );
  }

  test(
    'does not keep llmteam dev from going on: a supervisor has to restart it a few times',
    () =>
      withCli(async (cli) => {
        writeDeadlyPlugin(cli);
        const dev = await startDev(cli);
        const asking = askingAt(dev.url, dev.key);
        await cli.call(['run', cli.write('poisonous.json', poisonous('kill'))], asking);
        let starts = 1;
        while (executed(cli.folder).at(-1) !== 'caught') {
          assert.ok(starts <= 2 * maxDeliveries, `${starts} starts`);
          const next = cli.start(['dev', '--port', '0']);
          starts++;
          await Promise.race([next.ended, caught(cli.folder)]);
          next.signal('SIGTERM');
          await next.ended;
        }
        assert.is(executed(cli.folder).filter((step) => step === 'poison').length, maxDeliveries);
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
    'left at once with a second Ctrl-C counts nothing',
    () =>
      withCli(async (cli) => {
        writeDeadlyPlugin(cli);
        const started = cli.start(['dev', '--port', '0']);
        const text = await started.until('a key', ({ stdout }) => (stdout.includes('API key') ? stdout : undefined));
        const asking = askingAt(/Listening on (\S+)/.exec(text)?.[1] ?? '', /API key.*: (\S+)/.exec(text)?.[1] ?? '');
        void cli.start(['run', cli.write('poisonous.json', poisonous('hang'))], asking);
        await untilExecuted(cli.folder, 1);
        started.signal('SIGINT');
        await sleep(100);
        started.signal('SIGINT');
        assert.is((await started.ended).code, 130);
        assert.not.ok(existsSync(join(cli.folder, '.llmteam', 'stores', '9999', 'running.json')));
      }),
    patience,
  );
});
