import type { HumanTask, ProblemDetails, RunAccepted, TaskPage } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import type { ApiClient } from './support/api-client.js';
import { asking, form } from './support/segments.js';
import { until } from './support/until.js';
import { type GatewayWorld, withGateway, withSegments } from './support/with-gateway.js';

const escalating = {
  ...asking,
  segment_id: 'escalating',
  steps: [
    {
      step_id: 'approve',
      type: 'human_task',
      config: {
        task_type: 'approval',
        title: 'Publish?',
        escalation_chain: [
          { assignee_ref: 'ada', after_hours: 0.00001 },
          { assignee_ref: 'bob', after_hours: 1 },
        ],
      },
    },
  ],
};

async function withTask(
  segmentId: 'asking' | 'form' | 'escalating',
  use: (approver: ApiClient, task: string, run: string, world: GatewayWorld) => Promise<void>,
): Promise<void> {
  await withGateway(async (world) => {
    const author = await withSegments(await world.client('acme', 'author'), asking, form, escalating);
    const { run_id } = (await author.post<RunAccepted>(`/api/v1/segments/${segmentId}/runs`)).json;
    const approver = await world.client('acme', 'approver');
    const step = segmentId === 'form' ? 'fill' : 'approve';
    const task = `/api/v1/tasks/${encodeURIComponent(`${run_id}:${step}`)}`;
    await until(async () => (await approver.get(task)).status === 200);
    await use(approver, task, `/api/v1/runs/${run_id}`, world);
  });
}

spec('human tasks over HTTP', (test) => {
  test('of many answers that race exactly one wins, and the run goes on with it', async () => {
    await withTask('asking', async (approver, task, run) => {
      const decisions = Array.from({ length: 12 }, (_, at) => (at % 2 === 0 ? 'approve' : 'reject'));
      const answers = await Promise.all(
        decisions.map((decision, at) =>
          approver.post<HumanTask>(`${task}/answer`, { decision, answered_by: `p${at}` }),
        ),
      );
      const won = answers.filter(({ status }) => status === 200);
      assert.is(won.length, 1);
      assert.ok(answers.every(({ status }) => status === 200 || status === 409));
      const ended = await approver.get<{ output: { answered_by: string } }>(`${run}?wait=10`);
      assert.is(ended.json.output.answered_by, won[0]?.json.answer?.answered_by);
    });
  });

  test('the same answer twice is one answer', async () => {
    await withTask('asking', async (approver, task, _run, { keys }) => {
      const answer = { decision: 'reject', comment: 'no', answered_by: 'ada' };
      const [{ prefix = '' } = {}] = await keys
        .list('acme')
        .then((all) => all.filter(({ role }) => role === 'approver'));
      const [first, second] = [
        await approver.post(`${task}/answer`, answer),
        await approver.post(`${task}/answer`, answer),
      ];
      assert.equal([first.status, second.status], [200, 200]);
      assert.equal(second.json.answer, { ...answer, answered_with_key: prefix });
    });
  });

  test('one person claims a task, and another may not', async () => {
    await withTask('asking', async (approver, task) => {
      assert.is((await approver.post(`${task}/claim`, { claimed_by: 'ada' })).status, 200);
      assert.is((await approver.post(`${task}/claim`, { claimed_by: 'ada' })).status, 200);
      const second = await approver.post<ProblemDetails>(`${task}/claim`, { claimed_by: 'bob' });
      assert.equal([second.status, second.json.code], [409, 'TASK_CLAIMED']);
    });
  });

  test('a key that may not act for others names nobody but itself, and the answer bears the key', async () => {
    await withTask('asking', async (_approver, task, _run, { client, keys }) => {
      const ada = await client('acme', 'approver', { name: 'ada', act_for_others: false });
      for (const [path, body] of [
        ['claim', { claimed_by: 'bob' }],
        ['answer', { decision: 'approve', answered_by: 'bob' }],
      ] as const) {
        const refused = await ada.post<ProblemDetails>(`${task}/${path}`, body);
        assert.equal([refused.status, refused.json.code], [403, 'FORBIDDEN']);
        assert.match(refused.json.detail, /'ada' may not act for 'bob'/);
      }
      const forged = { decision: 'approve', answered_with_key: 'forged' };
      assert.is((await ada.post(`${task}/answer`, forged)).status, 400);
      const answered = await ada.post<HumanTask>(`${task}/answer`, { decision: 'approve', answered_by: 'ada' });
      const key = (await keys.list('acme')).find(({ name }) => name === 'ada');
      assert.equal(answered.json.answer, {
        decision: 'approve',
        answered_by: 'ada',
        answered_with_key: key?.prefix,
      });
    });
  });

  test('a claim is given up by its claimer or by a key that may act for others, and then another may claim', async () => {
    await withTask('asking', async (approver, task, _run, { client }) => {
      const [ada, bob] = [
        await client('acme', 'approver', { name: 'ada', act_for_others: false }),
        await client('acme', 'approver', { name: 'bob', act_for_others: false }),
      ];
      assert.is((await ada.post<HumanTask>(`${task}/claim`)).json.claimed_by, 'ada');
      for (const path of ['unclaim', 'claim']) {
        const refused = await bob.post<ProblemDetails>(`${task}/${path}`);
        assert.equal([refused.status, refused.json.code], [409, 'TASK_CLAIMED'], path);
      }
      assert.is((await bob.post(`${task}/answer`, { decision: 'approve' })).status, 409);
      assert.is((await ada.post<HumanTask>(`${task}/unclaim`)).json.status, 'open');
      assert.is((await bob.post<HumanTask>(`${task}/claim`)).json.claimed_by, 'bob');
      assert.is((await approver.post<HumanTask>(`${task}/unclaim`)).json.claimed_by, null);
    });
  });

  test('an answer that does not fit the form is refused in the place where it is wrong, and the task stays open', async () => {
    await withTask('form', async (approver, task, run) => {
      const wrong = await approver.post<ProblemDetails>(`${task}/answer`, {
        decision: 'answer',
        value: { count: 'x' },
      });
      assert.equal(
        [wrong.status, wrong.json.code, wrong.json.problems?.[0]?.path],
        [422, 'ANSWER_INVALID', '/value/count'],
      );
      const decision = await approver.post<ProblemDetails>(`${task}/answer`, { decision: 'approve' });
      assert.equal([decision.status, decision.json.problems?.[0]?.path], [422, '/decision']);
      assert.is((await approver.get(task)).json.status, 'open');
      const right = await approver.post<HumanTask>(`${task}/answer`, { decision: 'answer', value: { count: 3 } });
      assert.is(right.json.answer?.answered_by, 'approver-key');
      assert.is((await approver.get(`${run}?wait=10`)).json.status, 'completed');
    });
  });

  test('an escalation is seen in the list', async () => {
    await withTask('escalating', async (approver, task) => {
      const escalated = async () => (await approver.get<HumanTask>(task)).json.escalation_level === 1;
      await until(escalated);
      await until(async () => {
        const [listed] = (await approver.get<TaskPage>('/api/v1/tasks?status=open')).json.tasks;
        return listed?.escalation_level === 1 && listed.request.assignee === 'ada';
      });
    });
  });
});
