import type { JsonObject, TaskAnswer } from '@llmteam/contracts';
import { humanTaskType } from '@llmteam/flow';
import * as assert from 'uvu/assert';
import { spec } from '../../support/spec.js';
import { fitsSchema } from '../support/metadata-laws.js';
import { type Driven, drive, failure, fired, started } from './support/drive.js';

const hourMs = 3_600_000;
const now = 1_000;
const due = { kind: 'timer_fired', name: 'due' } as const;
const escalate = { kind: 'timer_fired', name: 'escalate' } as const;

function task(config: JsonObject): Driven {
  return drive(humanTaskType, { config: { title: 'Ok?', ...config }, input: { draft: 1 } });
}

/** An open task. */
function open(config: JsonObject): Driven {
  const step = task(config);
  step.tellAt(now, started);
  return step;
}

function answer(step: Driven, decision: TaskAnswer['decision'], more: Partial<TaskAnswer> = {}) {
  return step.tell({ kind: 'task_answered', answer: { decision, answered_by: 'ann', ...more } });
}

function result(decision: string, more: JsonObject = {}): JsonObject {
  return { decision, value: null, comment: null, answered_by: 'ann', input: { draft: 1 }, ...more };
}

spec('flow: human_task opening', (test) => {
  test('asks with everything the config says, and shows the input', () => {
    const config = {
      task_type: 'choice',
      description: 'Look twice.',
      assignee_ref: 'editor',
      choices: ['a', 'b'],
      form: { type: 'string' },
      timeout_hours: 0.5,
    };
    const dueAt = now + hourMs / 2;
    assert.equal(task(config).tellAt(now, started), [
      {
        do: 'open_task',
        task: {
          task_type: 'choice',
          title: 'Ok?',
          description: 'Look twice.',
          assignee: 'editor',
          choices: ['a', 'b'],
          form: { type: 'string' },
          data: { draft: 1 },
          due_at: dueAt,
        },
      },
      { do: 'start_timer', name: 'due', at: dueAt },
    ]);
  });

  test('asks anybody, for 24 hours, if not told otherwise', () => {
    const [opening] = task({ task_type: 'approval' }).tellAt(now, started);
    assert.equal(opening, {
      do: 'open_task',
      task: {
        task_type: 'approval',
        title: 'Ok?',
        description: '',
        assignee: null,
        choices: [],
        form: null,
        data: { draft: 1 },
        due_at: now + 24 * hourMs,
      },
    });
  });
});

spec('flow: human_task answers', (test) => {
  test('an approval is approved or rejected, and the input is carried through', () => {
    assert.equal(fired(answer(open({ task_type: 'approval' }), 'approve')), { approved: result('approve') });
    const rejected = answer(open({ task_type: 'approval' }), 'reject', { comment: 'no', value: { why: 1 } });
    assert.equal(fired(rejected), { rejected: result('reject', { comment: 'no', value: { why: 1 } }) });
  });

  test('a review may also be modified, with the changed value', () => {
    assert.equal(fired(answer(open({ task_type: 'review' }), 'approve')), { approved: result('approve') });
    assert.equal(fired(answer(open({ task_type: 'review' }), 'reject')), { rejected: result('reject') });
    const modified = answer(open({ task_type: 'review' }), 'modify', { value: { draft: 2 } });
    assert.equal(fired(modified), { modified: result('modify', { value: { draft: 2 } }) });
  });

  test('an input is answered with what was entered, also if that is null', () => {
    const entered = answer(open({ task_type: 'input' }), 'answer', { value: 'INV-1' });
    assert.equal(fired(entered), { answered: result('answer', { value: 'INV-1' }) });
    const nothing = answer(open({ task_type: 'input' }), 'answer', { value: null });
    assert.equal(fired(nothing), { answered: result('answer') });
  });

  test('a choice is answered with one of its choices', () => {
    const chosen = answer(open({ task_type: 'choice', choices: ['a', 'b'] }), 'answer', { value: 'b' });
    assert.equal(fired(chosen), { answered: result('answer', { value: 'b' }) });
  });

  test('an answer that does not fit changes nothing, and the next one may', () => {
    const unfit: [JsonObject, TaskAnswer['decision'], Partial<TaskAnswer>][] = [
      [{ task_type: 'approval' }, 'modify', { value: 1 }],
      [{ task_type: 'approval' }, 'answer', { value: 1 }],
      [{ task_type: 'review' }, 'answer', { value: 1 }],
      [{ task_type: 'review' }, 'modify', {}],
      [{ task_type: 'input' }, 'approve', {}],
      [{ task_type: 'input' }, 'answer', {}],
      [{ task_type: 'choice', choices: ['a'] }, 'answer', { value: 'b' }],
      [{ task_type: 'choice', choices: ['a'] }, 'answer', {}],
      [{ task_type: 'choice', choices: ['a'] }, 'reject', {}],
    ];
    for (const [config, decision, more] of unfit) {
      const step = open(config);
      assert.equal(answer(step, decision, more), [], JSON.stringify([config, decision, more]));
      assert.is(step.tell(due).length, 1, 'the task is still open');
    }
    const step = open({ task_type: 'choice', choices: ['a'] });
    answer(step, 'answer', { value: 'b' });
    assert.equal(Object.keys(fired(answer(step, 'answer', { value: 'a' }))), ['answered']);
  });
});

spec('flow: human_task escalation', (test) => {
  const config = {
    task_type: 'approval',
    timeout_hours: 10,
    escalation_chain: [
      { assignee_ref: 'lead', after_hours: 2 },
      { assignee_ref: 'boss', after_hours: 0.5 },
    ],
  };

  test('the chain is walked in order, each after its hours with the one before; the due date stays', () => {
    const dueAt = now + 10 * hourMs;
    const step = task(config);
    const timer = (afterSeconds: number) => ({ do: 'start_timer', name: 'escalate', after_seconds: afterSeconds });
    assert.equal(step.tellAt(now, started).slice(1), [{ do: 'start_timer', name: 'due', at: dueAt }, timer(7_200)]);
    assert.equal(step.tellAt(now + 2 * hourMs, escalate), [
      { do: 'escalate_task', assignee: 'lead', due_at: dueAt },
      timer(1_800),
    ]);
    assert.equal(step.tellAt(now + 3 * hourMs, escalate), [{ do: 'escalate_task', assignee: 'boss', due_at: dueAt }]);
  });

  test('at the end of the chain nothing more happens until the task is due', () => {
    const step = open(config);
    step.tell(escalate);
    step.tell(escalate);
    assert.equal(step.tell(escalate), []);
    assert.is(failure(step.tell(due)).error_code, 'TASK_TIMEOUT');
  });

  test('an answer after an escalation counts', () => {
    const step = open(config);
    step.tell(escalate);
    assert.equal(fired(answer(step, 'approve')), { approved: result('approve') });
  });
});

spec('flow: human_task timeout', (test) => {
  test('fails the step by default', () => {
    for (const config of [{}, { on_timeout: 'fail' }]) {
      const error = failure(open({ task_type: 'review', timeout_hours: 3, ...config }).tell(due));
      assert.is(error.error_code, 'TASK_TIMEOUT');
      assert.match(error.error_message, "nobody answered 'Ok?' within timeout_hours = 3");
    }
  });

  test('may count as an approval or a rejection, which nobody gave', () => {
    const approved = fired(open({ task_type: 'approval', on_timeout: 'approve' }).tell(due));
    assert.equal(approved, { approved: result('approve', { answered_by: null }) });
    const rejected = fired(open({ task_type: 'review', on_timeout: 'reject' }).tell(due));
    assert.equal(rejected, { rejected: result('reject', { answered_by: null }) });
  });

  test('may fire the port timeout', () => {
    const timeout = { task_type: 'input', title: 'Ok?' };
    assert.equal(fired(open({ task_type: 'input', on_timeout: 'port' }).tell(due)), { timeout });
  });
});

spec('flow: human_task config', (test) => {
  const fits = (config: JsonObject) => fitsSchema(humanTaskType, { title: 'Ok?', ...config });

  test('a choice has choices, and only a choice', () => {
    assert.ok(fits({ task_type: 'choice', choices: ['a'] }));
    assert.not(fits({ task_type: 'choice' }));
    assert.not(fits({ task_type: 'choice', choices: [] }));
    assert.not(fits({ task_type: 'approval', choices: ['a'] }));
  });

  test('a timeout approves or rejects only what can be approved or rejected', () => {
    for (const onTimeout of ['approve', 'reject']) {
      assert.ok(fits({ task_type: 'approval', on_timeout: onTimeout }));
      assert.ok(fits({ task_type: 'review', on_timeout: onTimeout }));
      assert.not(fits({ task_type: 'input', on_timeout: onTimeout }));
      assert.not(fits({ task_type: 'choice', choices: ['a'], on_timeout: onTimeout }));
    }
    assert.ok(fits({ task_type: 'input', on_timeout: 'port' }));
  });

  test('hours may be fractions, and are more than none', () => {
    assert.ok(fits({ task_type: 'input', timeout_hours: 0.25 }));
    assert.not(fits({ task_type: 'input', timeout_hours: 0 }));
    assert.not(fits({ task_type: 'input', escalation_chain: ['boss'] }));
  });
});
