/** Commands that end a run execute no step of it, whoever owns its store. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Segment } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { type Cli, jsonOf, withCli } from './support/cli.js';
import { executed, untilExecuted, writeDeadlyPlugin } from './support/deadly-plugin.js';
import { startDev } from './support/dev-service.js';

const patience = { timeoutMs: 90_000 };
const hanging: Segment = {
  segment_id: 'hanging',
  name: 'Hanging',
  entrypoint: 'hang',
  steps: [
    { step_id: 'hang', type: 'deadly', config: { act: 'hang' } },
    { step_id: 'after', type: 'deadly', config: {} },
  ],
  edges: [{ from: 'hang', to: 'after' }],
};

/** A run whose process was killed while its first step was executed. */
async function killedRun({ write, start, folder }: Cli): Promise<string> {
  writeDeadlyPlugin({ write });
  const started = start(['run', write('hanging.json', hanging), '--json']);
  const { run_id } = await started.event('segment.started');
  await untilExecuted(folder, 1);
  started.signal('SIGKILL');
  await started.ended;
  return run_id;
}

spec('commands that end a run', (test) => {
  test(
    'runs cancel and runs delete execute no step of a run that nobody drives',
    () =>
      withCli(async (cli) => {
        const runId = await killedRun(cli);
        const cancelled = await cli.call(['runs', 'cancel', runId]);
        assert.is(cancelled.code, 0, cancelled.stderr);
        assert.equal(executed(cli.folder), ['hang']);
        assert.is(jsonOf<{ status: string }>(await cli.call(['runs', 'show', runId, '--json'])).status, 'cancelled');
        const deleted = await cli.call(['runs', 'delete', runId, '--yes']);
        assert.is(deleted.code, 0, deleted.stderr);
        assert.equal(executed(cli.folder), ['hang']);
      }),
    patience,
  );

  test(
    'runs pause and runs signal execute none either: the run is paused, and the signal kept',
    () =>
      withCli(async (cli) => {
        const runId = await killedRun(cli);
        for (const args of [
          ['runs', 'pause', runId],
          ['runs', 'signal', runId, 'go'],
        ]) {
          const { code, stderr } = await cli.call(args);
          assert.is(code, 0, stderr);
        }
        assert.equal(executed(cli.folder), ['hang']);
        assert.is(jsonOf<{ status: string }>(await cli.call(['runs', 'show', runId, '--json'])).status, 'paused');
      }),
    patience,
  );

  test(
    'runs cancel beside llmteam dev executes nothing in its own process, and nothing more in dev',
    () =>
      withCli(async (cli) => {
        writeDeadlyPlugin(cli);
        const dev = await startDev(cli);
        const started = cli.start(['run', cli.write('hanging.json', hanging), '--json']);
        const { run_id } = await started.event('segment.started');
        await untilExecuted(cli.folder, 1);
        const cancelled = await cli.call(['runs', 'cancel', run_id]);
        assert.is(cancelled.code, 0, cancelled.stderr);
        const ended = await started.ended;
        assert.is(ended.code, 4, ended.stderr + ended.stdout);
        await sleep(200);
        assert.equal(executed(cli.folder), ['hang']);
        await dev.stop();
      }),
    patience,
  );
});
