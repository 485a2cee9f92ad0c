// takes: 15
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { withCli } from './support/cli.js';
import { approval, chain, delay, transform, waiting } from './support/segments.js';

const patience = { timeoutMs: 90_000 };
const forever = { params: { timeout_seconds: null } };

spec('a run that waits, without a terminal', (test) => {
  test(
    'says once for which signal, and how to send it; --quiet says nothing',
    () =>
      withCli(async (cli) => {
        cli.write('waiting.json', waiting);
        for (const [options, times] of [
          [[], 1],
          [['-q'], 0],
        ] as const) {
          const started = cli.start(['run', 'waiting.json', '--json', ...options]);
          const { run_id } = await started.event('step.waiting', 'wait');
          await cli.call(['runs', 'signal', run_id, 'other']);
          await cli.call(['runs', 'signal', run_id, 'go']);
          const said = `Run ${run_id} waits at step 'wait' for signal go\n  llmteam runs signal ${run_id} go\n`;
          assert.is((await started.ended).stderr, said.repeat(times));
        }
      }),
    patience,
  );

  test(
    'says for which answer, and how to give it',
    () =>
      withCli(async (cli) => {
        const started = cli.start([
          'run',
          cli.write('a.json', chain('a', [approval('ask', 'Really?')], forever)),
          '--json',
        ]);
        const { run_id } = await started.event('human.task_created');
        await started.until('the reason', ({ stderr }) => (stderr.includes('--reject\n') ? true : undefined));
        await cli.call(['tasks', 'answer', `${run_id}:ask`, '--approve']);
        const command = `  llmteam tasks answer ${run_id}:ask`;
        const reason = `Run ${run_id} waits at step 'ask' for an answer: Really?`;
        assert.is((await started.ended).stderr, `${reason}\n${command} --approve\n${command} --reject\n`);
      }),
    patience,
  );

  test(
    'says until when it sleeps, if that is worth knowing',
    () =>
      withCli(async (cli) => {
        const segment = chain('sleeping', [delay('nap', 0.2), delay('sleep', 3_600)], forever);
        const started = cli.start(['run', cli.write('sleeping.json', segment), '--json']);
        await started.event('step.waiting', 'sleep');
        const { stderr } = await started.until('the reason', (written) =>
          written.stderr.includes('\n') ? written : undefined,
        );
        assert.match(stderr, /^Run \S+ waits at step 'sleep' until \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\n$/);
        started.signal('SIGTERM');
        assert.is((await started.ended).code, 4);
      }),
    patience,
  );

  test(
    'and resume says what an older run waits for; show counts every step of it',
    () =>
      withCli(async (cli) => {
        const steps = [...waiting.steps, transform('after', 'input')];
        const edges = [...(waiting.edges ?? []), { from: 'last', to: 'after' }];
        const first = cli.start(['run', cli.write('w.json', { ...waiting, steps, edges }), '--json']);
        const { run_id } = await first.event('step.waiting', 'wait');
        first.signal('SIGKILL');
        await first.ended;
        const resumed = cli.start(['runs', 'resume', run_id]);
        await resumed.until('the reason', ({ stderr }) => (stderr.includes('waits at step') ? true : undefined));
        const shown = await cli.call(['runs', 'show', run_id]);
        assert.match(shown.stdout, /steps +1 of 4 completed, 2 pending, 1 waiting\n/);
        resumed.signal('SIGTERM');
        assert.match((await resumed.ended).stderr, /The run is being cancelled: llmteam received SIGTERM\.\n$/);
        const after = await cli.call(['runs', 'show', run_id]);
        assert.match(after.stdout, /error +CANCELLED: .*llmteam received SIGTERM/);
      }),
    patience,
  );
});

spec('times', (test) => {
  test(
    'are in one time zone in lists, in show and in events',
    () =>
      withCli(async (cli) => {
        const options = { environment: { TZ: 'Asia/Kolkata' } };
        const segment = chain('one', [transform('a', '1')]);
        assert.is((await cli.call(['run', cli.write('one.json', segment)], options)).code, 0);
        const listed = (await cli.call(['runs', 'list'], options)).stdout;
        const [, runId = '', minute = ''] = /\n(\S+) .* (\d\d:\d\d):\d\d/.exec(listed) ?? [];
        const events = (await cli.call(['runs', 'events', runId], options)).stdout;
        assert.match(events, new RegExp(`^SEQ +TIME +EVENT.*\n1 +${minute}:`));
        assert.match((await cli.call(['runs', 'show', runId], options)).stdout, new RegExp(`started +\\S+ ${minute}:`));
      }),
    patience,
  );
});
