// timeout: 240
// takes: 40
// mostly waits
/** A backup that is made, and restored, in the middle of runs. */
import type { RunEvent, Segment } from '@llmteam/contracts';
import type { ApiError, LlmteamClient } from '@llmteam/sdk';
import * as assert from 'uvu/assert';
import { asking, echo, waiting } from '../gateway/support/segments.js';
import { spec } from '../support/spec.js';
import { ledgerChain } from './support/ledger.js';
import { type Site, withLocalSite, withNatsSite } from './support/restored-sites.js';
import { until } from './support/until.js';

const patience = { timeoutMs: 120_000 };
const working = ledgerChain(6, 700);

const timed: Segment = {
  segment_id: 'timed',
  name: 'Waits a few seconds',
  entrypoint: 'wait',
  params: { timeout_seconds: null },
  steps: [{ step_id: 'wait', type: 'delay', config: { seconds: 5 } }],
};

const parent: Segment = {
  segment_id: 'parent',
  name: 'Starts a run that waits',
  entrypoint: 'child',
  params: { timeout_seconds: null },
  steps: [{ step_id: 'child', type: 'subworkflow', config: { segment_ref: 'waiting' } }],
};

/** Ids of the runs in the middle. */
interface Middle {
  readonly working: string;
  readonly asking: string;
  readonly timed: string;
  readonly parent: string;
  readonly child: string;
}

type Histories = ReadonlyMap<string, readonly RunEvent[]>;

async function start(client: LlmteamClient, { segment_id }: Segment): Promise<string> {
  return (await client.startRun(segment_id)).run_id;
}

async function eventsOf(client: LlmteamClient, runId: string): Promise<readonly RunEvent[]> {
  return (await client.listEvents(runId, { limit: 1_000 })).events;
}

async function listed(client: LlmteamClient): Promise<string[]> {
  return (await client.listRuns({ limit: 1_000 })).runs.map(({ run_id }) => run_id).sort();
}

async function openTasks(client: LlmteamClient): Promise<{ readonly task_id: string; readonly run_id: string }[]> {
  const { tasks } = await client.listTasks({ status: 'open' });
  return tasks.map(({ task_id, run_id }) => ({ task_id, run_id }));
}

/** Runs that have ended, and one of each kind that is in the middle. */
async function beginRuns(client: LlmteamClient): Promise<Middle> {
  for (const segment of [echo, asking, waiting, timed, parent, working]) await client.storeSegment(segment);
  for (let count = 0; count < 3; count++) await client.startRun('echo', {}, { wait: 20 });
  const parentId = await start(client, parent);
  const ids = { asking: await start(client, asking), working: await start(client, working), parent: parentId };
  const child = await until('a child run', async () => {
    const { runs } = await client.listRuns({ parent_run_id: parentId });
    return runs[0]?.run_id;
  });
  await until('an open task', async () => (await openTasks(client)).length === 1);
  const middle = { ...ids, child, timed: await start(client, timed) };
  await until(
    'a step that is completed',
    async () => completedSteps(await eventsOf(client, middle.working)).length >= 1,
  );
  await until('a timer', async () =>
    (await client.explainRun(middle.timed)).reasons.some(({ reason }) => reason === 'timer'),
  );
  return middle;
}

/** Answers, signals, and waits until all have ended. */
async function finish(client: LlmteamClient, { asking: asked, child, ...others }: Middle): Promise<void> {
  const task = await until('the task', async () => (await openTasks(client)).find(({ run_id }) => run_id === asked));
  await client.answerTask(task.task_id, { decision: 'approve', answered_by: 'ada' });
  await client.signalRun(child, 'go', { payload: 'gone' });
  for (const runId of [asked, child, ...Object.values(others)]) {
    const { status } = await until(
      `the end of ${runId}`,
      async () => {
        const view = await client.getRun(runId, { wait: 10 });
        return view.completed_at === null ? null : view;
      },
      60_000,
    );
    assert.is(status, 'completed', runId);
  }
}

function completedSteps(events: readonly RunEvent[]): string[] {
  return events.flatMap(({ event_type, scope, step_id }) =>
    event_type === 'step.completed' ? [`${scope}/${step_id}`] : [],
  );
}

async function historiesOf(client: LlmteamClient, runIds: readonly string[]): Promise<Histories> {
  const histories = new Map<string, readonly RunEvent[]>();
  for (const runId of runIds) histories.set(runId, await eventsOf(client, runId));
  return histories;
}

/** Each goes on from what it was, ends once, and completes each step once. */
function checkHistories(before: Histories, after: Histories): void {
  for (const [runId, events] of after) {
    const old = before.get(runId) ?? [];
    assert.equal(events.slice(0, old.length), old, `${runId} is what it was`);
    assert.equal(
      events.map(({ seq }) => seq),
      events.map((_, place) => place + 1),
      `${runId} has no gap`,
    );
    const ends = events.flatMap(({ event_type }, place) => (event_type === 'segment.completed' ? [place + 1] : []));
    assert.equal(ends, [events.length], `${runId} ends once`);
    const steps = completedSteps(events);
    assert.is(new Set(steps).size, steps.length, `${runId} completes each step once`);
  }
}

async function isUnknown(client: LlmteamClient, runId: string): Promise<boolean> {
  return client.getRun(runId).then(
    () => false,
    ({ status }: ApiError) => status === 404,
  );
}

/** More than were made after the backup. */
async function grow(client: LlmteamClient): Promise<void> {
  const started = Array.from({ length: 40 }, () => client.startRun('echo', {}, { wait: 30 }));
  for (const { status } of (await Promise.all(started)) as readonly { readonly status: string }[])
    assert.is(status, 'completed');
}

async function backUpAndRestore(site: Site): Promise<void> {
  const first = await site.start();
  const middle = await beginRuns(first);
  const ids = await listed(first);
  assert.is(ids.length, 8);
  const before = await historiesOf(first, ids);
  await site.kill();
  site.backUp();

  const second = await site.start();
  const later = [await start(second, echo), await start(second, asking), await start(second, parent)];
  await finish(second, middle);
  await until('lists with all', async () => (await listed(second)).length === ids.length + later.length + 1);
  await until('a task of a later run', async () => (await openTasks(second)).length === 1);
  await site.kill();
  site.restore();

  const executed = site.executions().length;
  const grown: string[] = [];
  const client = await site.startRestored(async (other) => {
    await grow(other);
    grown.push(...(await listed(other)).filter((id) => !ids.includes(id)));
  });
  assert.equal(await listed(client), [...ids, ...grown].sort(), 'lists have the runs of the backup, and no other');
  assert.equal(
    (await openTasks(client)).map(({ run_id }) => run_id),
    [middle.asking],
  );
  for (const runId of later) assert.ok(await isUnknown(client, runId), runId);
  await finish(client, middle);
  const after = await historiesOf(client, ids);
  checkHistories(before, after);
  const done = completedSteps(before.get(middle.working) ?? []).map((step) => step.slice(1));
  const again = site.executions().slice(executed);
  assert.equal(
    again.filter((line) => done.some((step) => line.includes(` ${middle.working}/${step}#`))),
    [],
    'what was completed is not done again',
  );
  assert.ok(again.length >= 6 - done.length - 1, again.join('\n'));
}

spec('a backup that is restored', (test) => {
  test(
    'brings back the runs of `llmteam dev` as they were in the middle',
    () => withLocalSite(backUpAndRestore),
    patience,
  );

  test(
    'brings back the runs of an installation on NATS, and its gateways notice',
    () => withNatsSite(backUpAndRestore),
    patience,
  );
});
