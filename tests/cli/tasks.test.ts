// takes: 20
import type { HumanTask } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { jsonOf, resultOf, withCli } from './support/cli.js';
import { approval, chain, transform } from './support/segments.js';

const patience = { timeoutMs: 120_000 };
const unlimited = { params: { timeout_seconds: null } };

const asking = {
  ...chain(
    'asking',
    [approval('ask', 'Publish?'), transform('yes', "'published by ' + input.answered_by"), transform('no', "'binned'")],
    unlimited,
  ),
  edges: [
    { from: 'ask', from_port: 'approved', to: 'yes' },
    { from: 'ask', from_port: 'rejected', to: 'no' },
  ],
};

function choice(stepId: string, config: object) {
  return { step_id: stepId, type: 'human_task', config: { title: 'Which?', ...config } };
}

spec('llmteam tasks', (test) => {
  test(
    'a task is listed, shown, claimed and answered from a second process while the first waits',
    () =>
      withCli(async ({ write, start, call }) => {
        const started = start(['run', write('asking.json', asking), '--json']);
        const { payload } = await started.event('human.task_created');
        const id = payload.task_id;
        const listed = jsonOf<{ tasks: HumanTask[] }>(await call(['tasks', 'list', '--status', 'open', '--json']));
        assert.equal(
          listed.tasks.map(({ task_id }) => task_id),
          [id],
        );
        const shown = await call(['tasks', 'show', id]);
        assert.match(shown.stdout, new RegExp(`^Publish\\?  open\n[\\s\\S]*llmteam tasks answer ${id} --approve\n`));
        const claimed = await call(['tasks', 'claim', id, '--by', 'ann']);
        assert.is(claimed.code, 0, claimed.stderr);
        const refused = await call(['tasks', 'claim', id, '--by', 'bob']);
        assert.match(refused.stderr, /^error TASK_CLAIMED: .*claimed by ann/);
        assert.is((await call(['tasks', 'unclaim', id])).stderr, 'The task is open again.\n');
        assert.is((await call(['tasks', 'claim', id, '--by', 'bob'])).code, 0);
        const answered = await call(['tasks', 'answer', id, '--approve', '--by', 'ann', '--comment', 'fine']);
        assert.is(answered.code, 0, answered.stderr);
        const ended = await started.ended;
        assert.is(resultOf(ended).output, 'published by ann');
        const late = await call(['tasks', 'answer', id, '--reject', '--by', 'bob']);
        assert.is(late.code, 1);
        assert.match(late.stderr, /^error TASK_CLOSED: /);
        const closed = jsonOf<{ tasks: HumanTask[] }>(await call(['tasks', 'list', '--status', 'closed', '--json']));
        assert.is(closed.tasks.length, 1);
      }),
    patience,
  );

  test(
    'an answer to a run that nobody drives is kept, and resume takes it',
    () =>
      withCli(async ({ write, start, call }) => {
        const started = start(['run', write('asking.json', asking), '--json']);
        const { run_id, payload } = await started.event('human.task_created');
        started.signal('SIGKILL');
        await started.ended;
        const answered = await call(['tasks', 'answer', payload.task_id, '--reject']);
        assert.is(answered.code, 0, answered.stderr);
        assert.match(
          answered.stderr,
          new RegExp(`No process works on this run. To go on: llmteam runs resume ${run_id}`),
        );
        assert.is(jsonOf(await call(['runs', 'resume', run_id])).output, 'binned');
      }),
    patience,
  );

  test(
    'a choice is text, a value is JSON or text, and what does not fit is refused while the task stays open',
    () =>
      withCli(async ({ write, start, call }) => {
        const steps = [
          choice('which', { task_type: 'choice', choices: ['1', 'two'] }),
          choice('what', { task_type: 'input', form: { type: 'object', required: ['n'] } }),
          transform('both', 'input.value.n'),
        ];
        const edges = [
          { from: 'which', from_port: 'answered', to: 'what' },
          { from: 'what', from_port: 'answered', to: 'both' },
        ];
        const started = start([
          'run',
          write('choosing.json', { ...chain('choosing', steps, unlimited), edges }),
          '--json',
        ]);
        const which = (await started.event('human.task_created', 'which')).payload.task_id;
        const wrong = await call(['tasks', 'answer', which, '--value', '3']);
        assert.is(wrong.code, 1);
        assert.match(wrong.stderr, /^error ANSWER_INVALID: .*1, two/);
        assert.is((await call(['tasks', 'answer', which, '--value', '1'])).code, 0);
        const what = (await started.event('human.task_created', 'what')).payload.task_id;
        assert.match((await call(['tasks', 'answer', what, '--value', 'text'])).stderr, /^error ANSWER_INVALID: /);
        assert.match(
          (await call(['tasks', 'answer', what, '--value', '{"n": 1'])).stderr,
          /^error JSON_INVALID: --value: /,
        );
        assert.is((await call(['tasks', 'answer', what, '--value', '{"n": 42}'])).code, 0);
        assert.is(resultOf(await started.ended).output, 42);
      }),
    patience,
  );

  test(
    'a task that is not there is told',
    () =>
      withCli(async ({ call }) => {
        const nonsense = await call(['tasks', 'show', 'nonsense']);
        assert.is(nonsense.code, 1);
        assert.match(nonsense.stderr, /^error TASK_UNKNOWN: /);
        const unknown = await call(['tasks', 'answer', 'no-run:no-step', '--approve']);
        assert.is(unknown.code, 1);
        assert.match(unknown.stderr, /^error (TASK|RUN)_UNKNOWN: /);
      }),
    patience,
  );
});
