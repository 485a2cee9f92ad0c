import { join } from 'node:path';
import { openRunIndex } from '@llmteam/backend-embedded';
import type { HumanTask, IndexChange, Page, RunIndex, RunQuery, RunRow, TaskQuery } from '@llmteam/contracts';
import { withFolder } from '../folder.js';
import { type Spread, spread, timeMs } from '../measure.js';
import type { Row } from '../row.js';

const runs = 1_000_000;
const tasks = 200_000;
const perChange = 5_000;
const beganAt = 1_767_225_600_000;
const mostMs = 50;
/** Fraction of the list that lies before the deep page. */
const deepAt = 0.9;

/** How long does a page of 1,000,000 runs or 200,000 tasks take with any filter, and how fast are rows added to the index? */
export async function runLists(): Promise<Row[]> {
  return withFolder(async (folder) => {
    const file = join(folder, 'index.db');
    const { index } = await openRunIndex({ file, installation: 'bench', longestAwayMs: 60_000 });
    try {
      const fillingMs = await timeMs(() => fill(index));
      return [
        filledRow(fillingMs),
        await pageRow(index, 'page_of_runs_ms', 'page of 50 out of 1,000,000 runs, slowest filter', 50),
        await pageRow(index, 'page_of_1000_runs_ms', 'page of 1,000 out of 1,000,000 runs, slowest filter', 1_000),
        row('page_of_tasks_ms', 'page of 50 out of 200,000 tasks, slowest filter', await worst(taskPages(index))),
        row('live_runs_ms', 'the 1,000 live runs out of 1,000,000', await measured(() => index.live(null, 1_000))),
      ];
    } finally {
      await index.close();
    }
  });
}

/** Nearly all runs have completed: 3 are of the segment `rare`, 3 have failed, 1,000 are live. */
function runRow(number: number): RunRow {
  const isRare = number % 333_334 === 17;
  const isLive = number % 1_000 === 0;
  const ended = isRare ? 'failed' : 'completed';
  return {
    tenant_id: number % 10 === 0 ? 'other' : 'bench',
    run_id: `run-${(number * 7_919) % runs}`,
    segment_id: number % 333_334 === 18 ? 'rare' : 'common',
    status: isLive ? 'running' : ended,
    correlation_id: number % 2 === 0 ? null : `order-${number % 4 === 1 ? 'common' : number}`,
    metadata: {},
    parent_run_id: null,
    started_at: beganAt + number,
    ended_at: isLive ? null : beganAt + number + 50,
  };
}

function taskRow(number: number): HumanTask {
  const run = runRow(number);
  return {
    task_id: `task-${number}`,
    tenant_id: run.tenant_id,
    run_id: run.run_id,
    segment_id: run.segment_id,
    step_id: 'approve',
    status: number % 20_000 === 1 ? 'open' : 'closed',
    escalation_level: 0,
    claimed_by: null,
    created_at: run.started_at,
    request: {
      task_type: 'approval',
      title: 'Approve the order',
      description: 'The order is larger than usual.',
      assignee: null,
      choices: [],
      form: null,
      data: { amount: number },
      due_at: null,
    },
    answer: null,
  };
}

async function fill(index: RunIndex): Promise<void> {
  for (let first = 0; first < runs; first += perChange) {
    const numbers = Array.from({ length: perChange }, (_, place) => first + place);
    const listedTasks = first < tasks ? numbers.map(taskRow) : [];
    const change: IndexChange = { partition: 0, position: first + 1, runs: numbers.map(runRow), tasks: listedTasks };
    await index.apply([change]);
  }
}

async function pageRow(index: RunIndex, key: string, question: string, limit: number): Promise<Row> {
  const optional: Omit<RunQuery, 'tenant_id'>[] = [
    { segment_id: 'rare' },
    { segment_id: 'common' },
    { status: 'failed' },
    { status: 'completed' },
    { status: 'paused' },
    { correlation_id: 'order-common' },
    { correlation_id: 'order-2003' },
    { segment_id: 'common', status: 'failed' },
    { segment_id: 'rare', status: 'completed' },
    { segment_id: 'common', correlation_id: 'order-common' },
    { segment_id: 'rare', correlation_id: 'order-common' },
    { status: 'failed', correlation_id: 'order-common' },
    { segment_id: 'rare', status: 'failed', correlation_id: 'order-common' },
    {},
  ];
  const filters = optional.flatMap((filter) => [filter, { ...filter, since: beganAt + runs / 2 }]);
  const deep = await deepCursor(index);
  const queries = filters.flatMap((filter) => [
    { tenant_id: 'bench', ...filter, limit },
    { tenant_id: 'bench', ...filter, limit, cursor: deep },
  ]);
  return row(key, question, await worst(queries.map((query) => () => index.runs(query))));
}

/** A cursor after nine tenths of the list. Cursors hold a start time, so one can be forged from it. */
async function deepCursor(index: RunIndex): Promise<string> {
  const wanted = beganAt + runs * (1 - deepAt);
  const forged = Buffer.from(JSON.stringify(['runs', wanted, ''])).toString('base64url');
  const { cursor } = await index.runs({ tenant_id: 'bench', cursor: forged, limit: 1 });
  if (cursor === null) throw new Error('there is no page after the deep one');
  return cursor;
}

function taskPages(index: RunIndex): (() => Promise<Page<HumanTask>>)[] {
  const { run_id } = runRow(1);
  const filters: Omit<TaskQuery, 'tenant_id'>[] = [
    {},
    { status: 'open' },
    { status: 'claimed' },
    { run_id },
    { run_id, status: 'open' },
  ];
  return filters.map((filter) => () => index.tasks({ tenant_id: 'bench', ...filter }));
}

/** The figures of the query with the highest median. */
async function worst(queries: readonly (() => Promise<unknown>)[]): Promise<Spread> {
  const figures: Spread[] = [];
  for (const query of queries) figures.push(await measured(query));
  return figures.reduce((one, other) => (other.median > one.median ? other : one));
}

async function measured(query: () => Promise<unknown>): Promise<Spread> {
  const values: number[] = [];
  for (let count = 0; count < 20; count++) values.push(await timeMs(query));
  return spread(values);
}

function row(key: string, question: string, figure: Spread): Row {
  const target = `< ${mostMs} ms`;
  return { key, question, unit: 'ms', measured: figure, floor: null, target, isMet: figure.median < mostMs };
}

function filledRow(fillingMs: number): Row {
  const perSecond = (runs + tasks) / (fillingMs / 1_000);
  return {
    key: 'rows_listed_per_second',
    question: 'rows added to the run index',
    unit: 'rows/s',
    measured: spread([perSecond]),
    floor: null,
    target: '≥ 20,000 rows/s',
    isMet: perSecond >= 20_000,
  };
}
