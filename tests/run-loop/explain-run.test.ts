import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteBackend } from '@llmteam/backend-embedded';
import {
  type ReasonName,
  type RunExplanation,
  type RunKey,
  type RunReason,
  reasonNames,
  type Segment,
} from '@llmteam/contracts';
import { countWaiting, listWaiting, reasonsOf, type Staff, type Surroundings } from '@llmteam/kernel';
import { manualClock } from '@llmteam/testing';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { type Handler, Partition, type Shared, withBackend } from './partition.js';
import { approval, chain, delay, parent, waiting } from './segments.js';

const never: Handler = () => new Promise(() => undefined);
const fails: Handler = () => Promise.reject(new Error('no such page'));

/** One process that does everything. */
const alone: Surroundings = { isDriven: true, workersOf: () => ({ workers: 2, slots: 32 }), isAlive: () => true };

const narrow: Segment = {
  ...chain,
  segment_id: 'narrow',
  entrypoint: 'first',
  params: { max_parallel: 1 },
  steps: ['first', 'second', 'third'].map((stepId) => ({ step_id: stepId, type: 'work' })),
  edges: ['second', 'third'].map((to) => ({ from: 'first', to })),
};

interface Case {
  readonly segment: Segment;
  readonly handler?: Handler;
  /** What happens before it is explained. Default: nothing. */
  readonly before?: (here: Here) => Promise<void>;
  readonly surroundings?: Partial<Surroundings>;
  /** Without its texts and times. */
  readonly expected: readonly object[];
  readonly text: RegExp;
}

interface Here {
  readonly partition: Partition;
  readonly shared: Shared;
  readonly runId: string;
}

const work = async ({ partition }: Here): Promise<void> => partition.work();
const workFor =
  (ms: number) =>
  async (here: Here): Promise<void> => {
    await work(here);
    await here.partition.settle();
    await here.shared.clock.advance(ms);
  };

const cases = {
  not_driven: {
    segment: chain,
    surroundings: { isDriven: false },
    expected: [
      { reason: 'not_driven', step: null },
      { reason: 'worker', step: 'one', queue: 'work@1', workers: 2, slots: 32 },
    ],
    text: /^the run is driven by no process/,
  },
  paused: {
    segment: waiting,
    before: async ({ partition, runId }) => {
      await partition.runs.control({ tenant_id: 'acme', run_id: runId }, 'pause', 'key:ada', 'costs too much');
    },
    expected: [
      { reason: 'paused', step: null, by: 'key:ada', because: 'costs too much' },
      { reason: 'signal', step: 'wait', name: 'go', correlation: null },
    ],
    text: /^the run was paused by 'key:ada': costs too much/,
  },
  no_worker: {
    segment: chain,
    surroundings: { workersOf: () => ({ workers: 0, slots: 0 }) },
    expected: [{ reason: 'no_worker', step: 'one', queue: 'work@1' }],
    text: /^step 'one' waits for a worker that runs 'work@1', and there is none/,
  },
  worker: {
    segment: chain,
    expected: [{ reason: 'worker', step: 'one', queue: 'work@1', workers: 2, slots: 32 }],
    text: /^step 'one' waits for a free worker for 'work@1': 2 workers with 32 slots/,
  },
  slot: {
    segment: narrow,
    handler: async (context, ...rest) => (context.step_id === 'first' ? { output: 1 } : never(context, ...rest)),
    before: workFor(1_000),
    expected: [
      { reason: 'slot', step: 'third' },
      { reason: 'running', step: 'second', worker: 'p', attempt: 1 },
    ],
    text: /^step 'third' waits until a job of the run that is in flight ends/,
  },
  running: {
    segment: chain,
    handler: never,
    before: workFor(1_000),
    expected: [{ reason: 'running', step: 'one', worker: 'p', attempt: 1 }],
    text: /^step 'one' runs on worker 'p' \(attempt 1\)/,
  },
  worker_lost: {
    segment: chain,
    handler: never,
    before: workFor(1_000),
    surroundings: { isAlive: () => false },
    expected: [{ reason: 'worker_lost', step: 'one', worker: 'p', attempt: 1 }],
    text: /^step 'one' ran on worker 'p', which is gone/,
  },
  retry: {
    segment: {
      ...chain,
      steps: chain.steps?.map((step) => ({ ...step, retry: { initial_interval_seconds: 30 } })) ?? [],
    },
    handler: fails,
    before: workFor(0),
    expected: [{ reason: 'retry', step: 'one', next_attempt: 2, error: 'STEP_FAILED: no such page' }],
    text: /^step 'one' failed and is tried again at .* \(attempt 2\): STEP_FAILED: no such page/,
  },
  timer: {
    segment: delay,
    expected: [{ reason: 'timer', step: 'pause' }],
    text: /^step 'pause' waits for its timer '.*' at \d{4}-/,
  },
  signal: {
    segment: waiting,
    expected: [{ reason: 'signal', step: 'wait', name: 'go', correlation: null }],
    text: /^step 'wait' waits for the signal 'go'/,
  },
  task: {
    segment: approval,
    before: async ({ partition, runId }) => {
      const actor = { name: 'ada', is_admin: false };
      await partition.runs.claim('acme', `${runId}:ask`, {}, actor as never);
    },
    expected: [{ reason: 'task', step: 'ask', task_id: 'RUN:ask', assignee: 'ada' }],
    text: /^step 'ask' waits for 'ada' to answer task/,
  },
  child_run: {
    segment: parent,
    expected: [{ reason: 'child_run', step: 'child' }],
    text: /^step 'child' waits for its run '/,
  },
} satisfies Record<RunReason['reason'], Case>;

type Open = (use: (shared: Shared) => Promise<void>) => Promise<void>;

/** What is said of a run, and by which reasons it is listed. */
interface Said {
  readonly explanation: RunExplanation;
  readonly listedBy: readonly ReasonName[];
  /** As its row says. */
  readonly shown: readonly ReasonName[];
  readonly counted: readonly string[];
}

async function said(
  open: Open,
  { segment, handler = never, before, surroundings }: Omit<Case, 'expected' | 'text'>,
): Promise<Said> {
  const state: { said: Said | null } = { said: null };
  await open(async (shared) => {
    const partition = new Partition(shared, 'p', handler);
    await partition.takeOver();
    await partition.publish(chain);
    const run = await partition.start(segment, {}, 'RUN');
    await settled(partition);
    await before?.({ partition, shared, runId: run.run_id });
    await settled(partition);
    const present = { ...alone, ...surroundings };
    const explanation = await partition.runs.explain(run, present);
    await shared.clock.advance(3_000);
    await settled(partition);
    const lists = await listed(partition, run, staffOf(present));
    const counted = countWaiting([partition.waiting()], present);
    state.said = { explanation, ...lists, counted: [...counted].flatMap(([name, count]) => (count > 0 ? [name] : [])) };
    await partition.stop();
  });
  return state.said as Said;
}

/** Also what takes the store real time. */
async function settled(partition: Partition): Promise<void> {
  for (let turn = 0; turn < 5; turn++) {
    await partition.settle();
    await new Promise((resolve) => setTimeout(resolve, 3));
  }
}

async function listed({ runs }: Partition, run: RunKey, staff: Staff): Promise<Pick<Said, 'listedBy' | 'shown'>> {
  const listedBy: ReasonName[] = [];
  const query = { tenant_id: run.tenant_id };
  for (const reason of reasonNames) {
    const { rows } = await listWaiting((part) => runs.list(part), query, [reason], staff);
    if (rows.some(({ run_id }) => run_id === run.run_id)) listedBy.push(reason);
  }
  const row = (await runs.list({ ...query, run_id_prefix: run.run_id })).rows.find(
    ({ run_id }) => run_id === run.run_id,
  );
  return { listedBy, shown: row === undefined ? [] : reasonsOf(row, staff) };
}

/** The staff of a store with one queue and one worker, as the surroundings of a run have them. */
function staffOf(surroundings: Surroundings): Staff {
  return {
    of: () => surroundings,
    drivesAll: surroundings.isDriven,
    queues: surroundings.workersOf('work@1').workers > 0 ? ['work@1'] : [],
    workers: surroundings.isAlive('p') ? ['p'] : [],
  };
}

const onSqlite: Open = async (use) => {
  const clock = manualClock(Date.UTC(2026, 0, 1));
  const folder = mkdtempSync(join(tmpdir(), 'llmteam-explain-'));
  const backend = await openSqliteBackend({ folder, clock, synchronous: 'relaxed' });
  try {
    await use({ backend, clock });
  } finally {
    await backend.close();
    rmSync(folder, { recursive: true });
  }
};

async function explained(one: Omit<Case, 'expected' | 'text'>): Promise<RunExplanation> {
  return (await said(withBackend, one)).explanation;
}

for (const [where, open] of Object.entries<Open>({ memory: withBackend, SQLite: onSqlite })) {
  spec(`every reason on ${where}`, (test) => {
    for (const [reason, one] of Object.entries<Case>(cases)) {
      test(`${reason} is explained, listed and counted alike`, async () => {
        const { explanation, listedBy, shown, counted } = await said(open, one);
        const { summary, reasons, more_reasons } = explanation;
        assert.is(reasons[0]?.reason, reason);
        assert.match(summary, one.text);
        assert.is(more_reasons, 0);
        assert.equal(reasons.map(facts), one.expected);
        for (const { text, remedy } of reasons) assert.ok(text !== '' && remedy !== '');
        const names = reasonNames.filter((name) => reasons.some((found) => found.reason === name));
        assert.equal(listedBy, names);
        assert.equal(shown, names);
        // A loop counts the runs that it drives.
        const driven = names.filter((name) => name !== 'not_driven');
        const others = reason === 'child_run' ? ['worker'] : [];
        assert.equal(counted.toSorted(), [...driven, ...others].toSorted());
      });
    }
  });
}

spec('why a run is where it is', (test) => {
  test('since when is told', async () => {
    const { reasons } = await explained(cases.signal);
    assert.match(String(reasons[0]?.since), /^\d{4}-/);
  });

  test('a run that has ended has no reasons, and says how it ended', async () => {
    const { summary, reasons } = await explained({ ...cases.running, handler: async () => ({ output: 1 }) });
    assert.equal(reasons, []);
    assert.match(summary, /^the run ended at .* with status 'completed'$/);
  });
});

/** Without what differs from run to run. */
function facts(reason: RunExplanation['reasons'][number]): object {
  const { text: _, remedy: __, since: ___, ...rest } = reason;
  if (rest.reason === 'retry') {
    const { due_at: ____, last_error, ...retry } = rest;
    return { ...retry, error: `${last_error?.error_code}: ${last_error?.error_message}` };
  }
  if (rest.reason === 'timer') return { reason: rest.reason, step: rest.step };
  if (rest.reason === 'child_run') return { reason: rest.reason, step: rest.step };
  return rest;
}
