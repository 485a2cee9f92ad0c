import { openMemoryBackend } from '@llmteam/backend-embedded';
import {
  type Backend,
  type Clock,
  type HumanTask,
  type Journal,
  LlmteamError,
  type RunIndex,
  type RunKey,
  type RunRow,
} from '@llmteam/contracts';
import { announceRemoval, IndexFeed, TaskFeed, WaitFeed } from '@llmteam/kernel';
import { manualClock } from '@llmteam/testing';
import * as assert from 'uvu/assert';
import { until } from '../gateway/support/until.js';
import { altered } from '../support/altered.js';
import { quietLogger } from '../support/quiet-logger.js';
import { playScenario, scenarioNames } from '../support/simulation/scenarios.js';
import type { SimulatedRun } from '../support/simulation/simulation.js';
import { spec } from '../support/spec.js';

interface Scene {
  readonly backend: Backend;
  readonly failures: unknown[];
  feed(journal?: Journal, index?: RunIndex): IndexFeed;
}

/** Feeds retry after a while. */
const clock: Clock = {
  now: () => Date.now(),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
};

async function withBackend(use: (scene: Scene) => Promise<void>): Promise<void> {
  const backend = await openMemoryBackend({ clock: manualClock(0), partitions: 2 });
  const failures: unknown[] = [];
  const feeds: IndexFeed[] = [];
  const feed = (journal = backend.journal, index = backend.index): IndexFeed => {
    const { kv } = backend;
    const onFailure = (error: unknown): void => void failures.push(error);
    const made = new IndexFeed({ journal, kv, index, clock, log: quietLogger, onFailure });
    feeds.push(made);
    return made;
  };
  try {
    await use({ backend, failures, feed });
  } finally {
    await Promise.all(feeds.map((made) => made.stop()));
    await backend.close();
  }
}

function played(name: string): SimulatedRun {
  const run = playScenario(name).runs.get('run');
  if (run === undefined) throw new Error(`scenario ${name} has no run`);
  return run;
}

async function keep(journal: Journal, { key, facts }: SimulatedRun, upTo = facts.length): Promise<void> {
  for (const [place, fact] of facts.slice(0, upTo).entries()) {
    await journal.append(key, [{ message_id: `m${place}`, fact }]);
  }
}

/** As produced by the engine. */
function rowOf({ key, run }: SimulatedRun): RunRow {
  const { request, status, ended_at } = run.state;
  return {
    ...key,
    segment_id: request.segment_id,
    status,
    correlation_id: request.correlation_id,
    metadata: request.metadata ?? {},
    parent_run_id: request.parent?.run_id ?? null,
    started_at: request.at,
    ended_at,
  };
}

function task(taskId: string, status: HumanTask['status']): HumanTask {
  const request = {
    task_type: 'approval' as const,
    title: 'Publish?',
    description: '',
    assignee: null,
    choices: [],
    form: null,
    data: null,
    due_at: null,
  };
  const common = { tenant_id: 'acme', segment_id: 's', step_id: 'ask', escalation_level: 0, created_at: 1 };
  return {
    ...common,
    task_id: taskId,
    run_id: taskId.split(':')[0] ?? '',
    status,
    claimed_by: null,
    request,
    answer: null,
  };
}

async function rows(backend: Backend): Promise<readonly RunRow[]> {
  return (await backend.index.runs({ tenant_id: 'acme', limit: 1_000 })).rows;
}

async function taskStatuses(backend: Backend): Promise<string[]> {
  const page = await backend.index.tasks({ tenant_id: 'acme', limit: 1_000 });
  return page.rows.map(({ task_id, status }) => `${task_id} ${status}`).sort();
}

spec('the feed of a run index', (test) => {
  test(
    'gives every run of every scenario the row that the engine gives it',
    async () => {
      let checked = 0;
      for (const name of scenarioNames()) {
        const runs = [...playScenario(name).runs.values()];
        await withBackend(async ({ backend, feed }) => {
          for (const run of runs) await keep(backend.journal, run);
          await feed().start();
          for (const run of runs) {
            const { tenant_id, run_id } = run.key;
            assert.equal(await backend.index.run(tenant_id, run_id), rowOf(run), `${name}: ${run_id}`);
            checked++;
          }
        });
      }
      assert.ok(checked > 230, `${checked} runs`);
    },
    { timeoutMs: 60_000 },
  );

  test('lists a run as paused and as running as it goes, and as ended in the end', () =>
    withBackend(async ({ backend, feed }) => {
      const run = played('pause-holds-new-jobs-and-resume-goes-on');
      const seen = new Set<string>();
      await feed().start();
      for (let count = 1; count <= run.facts.length; count++) {
        await keep(backend.journal, run, count);
        const end = await backend.journal.end(backend.journal.partitionOf(run.key));
        await until(async () => (await backend.index.position(backend.journal.partitionOf(run.key))) === end);
        seen.add((await rows(backend))[0]?.status ?? 'none');
      }
      assert.equal([...seen], ['running', 'paused', 'completed']);
    }));

  test('continues at the position of the index', () =>
    withBackend(async ({ backend, feed }) => {
      const [first, second] = [played('single-step'), played('diamond-joins-when-both-branches-are-in')];
      const started: number[] = [];
      const journal = altered(backend.journal, {
        follow: (partition, from, ...rest) => {
          started.push(from);
          return backend.journal.follow(partition, from, ...rest);
        },
      });
      await keep(backend.journal, first);
      const before = feed(journal);
      await before.start();
      await before.stop();
      const ends = await Promise.all([0, 1].map((partition) => backend.journal.end(partition)));
      const other = { ...second, key: { ...second.key, run_id: 'second' } };
      await keep(backend.journal, other);
      await feed(journal).start();
      assert.equal(started, [0, 0, ...ends]);
      assert.is((await rows(backend)).length, 2);
    }));

  test('lists the human tasks that coordinators publish, those that were there and those that come', () =>
    withBackend(async ({ backend, feed }) => {
      const told = new TaskFeed(backend.kv);
      const many = Array.from({ length: 2_500 }, (_, number) => task(`run-${number}:ask`, 'open'));
      await told.apply([{ partition: 0, position: 1, runs: [], tasks: many }]);
      await feed().start();
      assert.is((await taskStatuses(backend)).length, 1_000);
      assert.is.not(await backend.index.task('acme', 'run-2499:ask'), null);
      await told.apply([
        { partition: 0, position: 2, runs: [], tasks: [task('run-7:ask', 'closed'), task('new:ask', 'open')] },
      ]);
      await until(async () => (await backend.index.task('acme', 'new:ask')) !== null);
      await until(async () => (await backend.index.task('acme', 'run-7:ask'))?.status === 'closed');
      assert.equal(await backend.index.task('acme', 'new:ask'), task('new:ask', 'open'), 'and nothing besides');
    }));

  test('lists what runs wait for: before and after their rows, while it follows and after it was away', () =>
    withBackend(async ({ backend, feed }) => {
      const run = played('waits-inside-a-region');
      const named = (runId: string): SimulatedRun => ({ ...run, key: { tenant_id: 'acme', run_id: runId } });
      const noted = new WaitFeed(backend.kv, 1);
      const note = (runId: string, position: number, ...waits: string[]) =>
        noted.put([{ tenant_id: 'acme', run_id: runId, started_at: 0, position, waits }]);
      const waitsOf = async (runId: string): Promise<string> =>
        (await backend.index.run('acme', runId))?.waits?.join() ?? 'nothing';
      await note('a', 1, 'signal');
      await note('c', 1, 'signal');
      await keep(backend.journal, named('a'), 1);
      const away = feed();
      await away.start();
      assert.is(await waitsOf('a'), 'signal');
      await keep(backend.journal, named('b'), 1);
      await keep(backend.journal, named('c'), 1);
      await note('b', 2, 'task', 'timer');
      await until(async () => (await waitsOf('b')) === 'task,timer' && (await waitsOf('c')) === 'signal');
      await note('b', 3);
      await until(async () => (await waitsOf('b')) === 'nothing');
      await away.stop();
      await note('a', 4);
      await note('b', 4, 'slot');
      await feed().start();
      assert.equal(await Promise.all(['a', 'b', 'c'].map(waitsOf)), ['nothing', 'slot', 'signal']);
      await keep(backend.journal, named('c'));
      await until(async () => (await backend.index.run('acme', 'c'))?.ended_at !== null);
      assert.is(await waitsOf('c'), 'nothing');
    }));

  test('lists a task that the index rejected temporarily', () =>
    withBackend(async ({ backend, feed, failures }) => {
      const { index } = backend;
      let refusals = 2;
      const apply: typeof index.apply = async (changes) => {
        const hasTasks = changes.some(({ tasks }) => tasks.length > 0);
        if (hasTasks && refusals-- > 0) throw new LlmteamError('STORE_FULL', 'the disk is full');
        await index.apply(changes);
      };
      await feed(backend.journal, altered(index, { apply })).start();
      const told = new TaskFeed(backend.kv);
      await told.apply([{ partition: 0, position: 1, runs: [], tasks: [task('a:ask', 'open')] }]);
      await until(async () => (await index.task('acme', 'a:ask')) !== null);
      assert.ok(refusals < 1);
      assert.equal(failures, []);
    }));

  test('lists neither a removed run nor its tasks again, whatever else comes late', () =>
    withBackend(async ({ backend, feed }) => {
      const run = played('single-step');
      const late: SimulatedRun = { ...run, key: { tenant_id: 'acme', run_id: 'late' } };
      await feed().start();
      await announceRemoval(backend.kv, 0, 'one', [late.key]);
      const told = new TaskFeed(backend.kv);
      await told.apply([{ partition: 0, position: 1, runs: [], tasks: [task('other:ask', 'open')] }]);
      await until(async () => (await backend.index.task('acme', 'other:ask')) !== null);
      await keep(backend.journal, late);
      await told.apply([
        { partition: 0, position: 2, runs: [], tasks: [task('late:ask', 'closed'), task('last:ask', 'open')] },
      ]);
      await until(async () => (await backend.index.task('acme', 'last:ask')) !== null);
      const partition = backend.journal.partitionOf(late.key);
      const end = await backend.journal.end(partition);
      await until(async () => (await backend.index.position(partition)) === end);
      assert.equal(await rows(backend), []);
      assert.equal(await taskStatuses(backend), ['last:ask open', 'other:ask open']);
    }));

  test('removes the runs that retention deletes, also those deleted while it was down', () =>
    withBackend(async ({ backend, feed }) => {
      const run = played('single-step');
      const named = (runId: string): SimulatedRun => ({ ...run, key: { tenant_id: 'acme', run_id: runId } });
      for (const runId of ['a', 'b', 'c']) await keep(backend.journal, named(runId));
      await new TaskFeed(backend.kv).apply([
        { partition: 0, position: 1, runs: [], tasks: [task('a:ask', 'closed'), task('c:ask', 'open')] },
      ]);
      const away = feed();
      await away.start();
      await away.stop();
      const gone = (runId: string): readonly RunKey[] => [{ tenant_id: 'acme', run_id: runId }];
      await announceRemoval(backend.kv, 0, 'one', gone('a'));
      await feed().start();
      const listed = async (): Promise<string[]> => (await rows(backend)).map(({ run_id }) => run_id).sort();
      await until(async () => (await listed()).join() === 'b,c');
      assert.equal(await taskStatuses(backend), ['c:ask open']);
      await announceRemoval(backend.kv, 1, 'two', gone('b'));
      await until(async () => (await listed()).join() === 'c');
    }));

  test('follows again when following breaks for a while', () =>
    withBackend(async ({ backend, feed, failures }) => {
      let breaks = 3;
      const journal = altered(backend.journal, {
        async *follow(...given) {
          if (breaks-- > 0) throw new LlmteamError('BACKEND_UNREACHABLE', 'not now');
          yield* backend.journal.follow(...given);
        },
      });
      await keep(backend.journal, played('single-step'));
      const made = feed(journal);
      await made.start();
      assert.is((await rows(backend)).length, 1);
      assert.ok(made.hasCaughtUp);
      assert.equal(failures, []);
    }));

  test('fails for good if the journal is not what it was', () =>
    withBackend(async ({ backend, feed, failures }) => {
      const journal = altered(backend.journal, {
        // biome-ignore lint/correctness/useYield: it fails at once
        async *follow() {
          throw new LlmteamError('STORE_CORRUPT', 'it is another');
        },
      });
      const made = feed(journal);
      const error = await made.start().then(
        () => null,
        (thrown: LlmteamError) => thrown.code,
      );
      assert.is(error, 'STORE_CORRUPT');
      assert.not(made.hasCaughtUp);
      await until(() => failures.length === 2);
    }));
});
