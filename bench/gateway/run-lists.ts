import { join } from 'node:path';
import { open_run_index } from '@llmteam/backend-embedded';
import type { HumanTask, RunIndex, RunQuery, RunRow } from '@llmteam/contracts';
import { with_folder } from '../folder.js';
import { spread, time_ms } from '../measure.js';
import type { Row } from '../row.js';

const runs = 1_000_000;
const per_change = 5_000;
const times = 20;

/** One in 1,000 goes on, one in 100,000 was cancelled, three are of a segment of their own. */
function run_row(place: number): RunRow {
  const lasts = place % 1_000 === 999;
  const ended = place % 100_000 === 500 ? 'cancelled' : 'completed';
  return {
    tenant_id: 'acme',
    run_id: `run-${String((place * 7_919) % runs).padStart(7, '0')}`,
    segment_id: place < 3 ? 'rare' : `segment-${place % 20}`,
    status: lasts ? 'running' : ended,
    correlation_id: place % 10 === 0 ? `order-${place}` : null,
    parent_run_id: null,
    started_at: 1_700_000_000_000 + place * 10,
    ended_at: lasts ? null : 1_700_000_000_500 + place * 10,
  };
}

function task(place: number): HumanTask {
  const request = { task_type: 'approval', title: 'Publish?', description: '', assignee: null } as const;
  return {
    tenant_id: 'acme',
    task_id: `run-${place}:ask`,
    run_id: `run-${place}`,
    segment_id: 'segment-1',
    step_id: 'ask',
    status: place % 1_000 === 0 ? 'open' : 'closed',
    escalation_level: 0,
    claimed_by: null,
    created_at: place,
    request: { ...request, choices: [], form: null, data: null, due_at: null },
    answer: null,
  };
}

async function fill(index: RunIndex): Promise<void> {
  for (let from = 0; from < runs; from += per_change) {
    const rows = Array.from({ length: per_change }, (_, place) => run_row(from + place));
    const tasks = from % 25_000 === 0 ? Array.from({ length: 5_000 }, (_, place) => task(from / 5 + place)) : [];
    await index.apply([{ partition: 0, position: from + 1, runs: rows, tasks }]);
  }
}

/** Where the page in the middle of a list begins. */
async function cursor_of_the_middle(index: RunIndex): Promise<string> {
  let cursor: string | null = null;
  for (let page = 0; page < 500; page++) {
    const query: RunQuery = { tenant_id: 'acme', limit: 1_000 };
    cursor = (await index.runs(cursor === null ? query : { ...query, cursor })).cursor;
  }
  return cursor ?? '';
}

/** How long does a page of a million runs take, for every way to ask? */
export async function run_lists(): Promise<Row[]> {
  return with_folder(async (folder) => {
    const file = join(folder, 'index.db');
    const { index } = await open_run_index({ file, installation: 'bench', longest_away_ms: 86_400_000 });
    const filled_ms = await time_ms(() => fill(index));
    process.stderr.write(`${runs} rows in ${Math.round(filled_ms)} ms\n`);
    const middle = await cursor_of_the_middle(index);
    const since = 1_700_000_000_000 + runs * 5;
    const pages = [
      {},
      { cursor: middle },
      { status: 'completed' },
      { status: 'cancelled' },
      { status: 'running', cursor: middle },
      { segment_id: 'segment-7' },
      { segment_id: 'segment-7', status: 'cancelled' },
      { segment_id: 'segment-7', status: 'completed', cursor: middle, since: 1 },
      { segment_id: 'rare' },
      { segment_id: 'rare', status: 'failed' },
      { correlation_id: 'order-500000' },
      { since },
      { since, status: 'cancelled' },
    ] as const;
    const tenant_id = 'acme';
    const questions = pages.map((query) => () => index.runs({ tenant_id, limit: 50, ...query }));
    const took: number[] = [];
    for (const ask of [
      ...questions,
      () => index.tasks({ tenant_id, status: 'open' }),
      () => index.tasks({ tenant_id }),
      () => index.live(null, 1_000),
    ]) {
      for (let time = 0; time < times; time++) took.push(await time_ms(ask));
    }
    await index.close();
    const measured = spread(took);
    return [
      {
        key: 'run_list_page_ms',
        question: 'a page of 1,000,000 runs or 200,000 tasks, over 16 ways to ask',
        unit: 'ms',
        measured,
        floor: null,
        target: '< 50 ms, the slowest',
        is_met: measured.max < 50,
      },
    ];
  });
}
