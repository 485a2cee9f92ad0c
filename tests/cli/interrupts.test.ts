import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { jsonOf, resultOf, withCli } from './support/cli.js';
import { waiting } from './support/segments.js';

const patience = { timeoutMs: 90_000 };

spec('Ctrl-C', (test) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    test(
      `${signal} cancels the run, prints its result and ends with 4`,
      () =>
        withCli(async ({ write, start, call }) => {
          const started = start(['run', write('waiting.json', waiting), '--json']);
          await started.event('step.waiting', 'wait');
          started.signal(signal);
          const ended = await started.ended;
          const result = resultOf(ended);
          assert.is(ended.code, 4, ended.stderr);
          assert.is(result.status, 'cancelled');
          assert.match(ended.stderr, new RegExp(`The run is being cancelled: llmteam received ${signal}\\.\n$`));
          const shown = await call(['runs', 'show', result.run_id, '--json']);
          assert.is(jsonOf(shown).status, 'cancelled');
          const listed = jsonOf<{ runs: { status: string }[] }>(await call(['runs', 'list', '--json']));
          assert.is(listed.runs[0]?.status, 'cancelled', 'in lists too');
        }),
      patience,
    );
  }

  test(
    'the second one leaves at once with 130, and says how to go on',
    () =>
      withCli(async ({ write, start, call }) => {
        // A handler that ignores its abort signal delays the graceful shutdown.
        const deaf = `export default { name: 'deaf', api: 1, stop: () => new Promise(() => setTimeout(() => {}, 60000)), stepTypes: [] };`;
        write('deaf/package.json', {
          name: 'deaf',
          version: '1.0.0',
          type: 'module',
          exports: './i.js',
          llmteam: { kind: 'task', name: 'deaf', api: 1 },
        });
        write('deaf/i.js', deaf.replace('stepTypes: []', 'start: async () => {}, stepTypes: []'));
        write('llmteam.config.json', { plugins: ['./deaf'] });
        const started = start(['run', write('waiting.json', waiting), '--json']);
        const { run_id } = await started.event('step.waiting', 'wait');
        started.signal('SIGINT');
        await started.event('segment.cancelled');
        started.signal('SIGINT');
        const ended = await started.ended;
        assert.is(ended.code, 130);
        assert.match(ended.stderr, new RegExp(`run ${run_id} has ended; .*llmteam runs resume ${run_id}\n$`));
        write('llmteam.config.json', {});
        const resumed = await call(['runs', 'resume', run_id]);
        assert.is(resumed.code, 4);
        assert.is(jsonOf(resumed).status, 'cancelled');
      }),
    patience,
  );

  test(
    'two at once leave a run that can be continued, however far its cancellation came',
    () =>
      withCli(async ({ write, start, call }) => {
        const started = start(['run', write('waiting.json', waiting), '--json']);
        const { run_id } = await started.event('step.waiting', 'wait');
        started.signal('SIGTERM');
        started.signal('SIGINT');
        const ended = await started.ended;
        assert.is(ended.code, 130, ended.stderr);
        assert.match(ended.stderr, new RegExp(`run ${run_id} .*llmteam runs resume ${run_id}\n$`));
        const resumed = start(['runs', 'resume', run_id, '--json']);
        const status = jsonOf(await call(['runs', 'show', run_id, '--json'])).status;
        if (status === 'running') await call(['runs', 'signal', run_id, 'go']);
        assert.is((await resumed.ended).code, status === 'running' ? 0 : 4);
      }),
    patience,
  );
});
