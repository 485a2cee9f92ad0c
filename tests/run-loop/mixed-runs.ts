/** Runs of every kind, on which concurrent or successive loops must agree. */
import { type Json, LlmteamError, type RunKey, type Segment } from '@llmteam/contracts';
import { anyone } from '../support/actors.js';
import { echo, type Handler, type Partition } from './partition.js';
import { approval, chain, delay, parent, waiting } from './segments.js';

const branches: Segment = {
  segment_id: 'branches',
  name: 'Branches',
  entrypoint: 'split',
  params: { timeout_seconds: null },
  steps: [
    { step_id: 'split', type: 'parallel_split', config: { branches: 3 } },
    { step_id: 'a', type: 'work', config: { result: 'a' } },
    { step_id: 'b', type: 'work', config: { result: 'b', fails: 2 } },
    { step_id: 'c', type: 'delay', config: { seconds: 5 } },
    { step_id: 'join', type: 'parallel_join' },
  ],
  edges: [
    { from: 'split', from_port: 'branch_1', to: 'a' },
    { from: 'split', from_port: 'branch_2', to: 'b' },
    { from: 'split', from_port: 'branch_3', to: 'c' },
    { from: 'a', to: 'join', to_port: 'a' },
    { from: 'b', to: 'join', to_port: 'b' },
    { from: 'c', to: 'join', to_port: 'c' },
  ],
};

const map: Segment = {
  segment_id: 'mapping',
  name: 'Mapping',
  entrypoint: 'each',
  params: { timeout_seconds: null },
  steps: [
    { step_id: 'each', type: 'map', config: { items: '[1, 2, 3, 4, 5]', concurrency: 2 } },
    { step_id: 'work', type: 'work', config: { result: '${input * 10}', fails: 1 } },
    { step_id: 'pause', type: 'delay', config: { seconds: 1 } },
  ],
  edges: [
    { from: 'each', from_port: 'body', to: 'work' },
    { from: 'work', to: 'pause' },
    { from: 'pause', to: 'each', to_port: 'next' },
  ],
};

const failing: Segment = {
  segment_id: 'failing',
  name: 'Failing',
  entrypoint: 'work',
  steps: [{ step_id: 'work', type: 'work', config: { fails: 99 }, retry: { max_attempts: 3 } }],
};

/** Fails as often as the step's config says, then echoes. Counts its executions. */
export function failingEcho(done: Map<string, number>): Handler {
  return async (context, config, input) => {
    const key = `${context.run_id}/${context.step_id}#${context.attempt}`;
    done.set(key, (done.get(key) ?? 0) + 1);
    if (context.attempt <= Number(config.fails ?? 0))
      throw new LlmteamError('ACME_BUSY', 'again', { recoverable: true });
    return echo(context, config, input);
  };
}

const segments: readonly Segment[] = [branches, map, failing, chain, parent, delay, approval, waiting];

/** The keys of one run of every kind, `count` times over. */
export function mixedRuns(name: string, count: number): RunKey[] {
  const rounds = Array.from({ length: count }, (_, round) => round);
  return rounds.flatMap((round) =>
    segments.map(({ segment_id }) => ({ tenant_id: 'acme', run_id: `${name}-${round}-${segment_id}` })),
  );
}

/** Starts them; `chain` must be published. */
export async function startMixed(partition: Partition, runs: readonly RunKey[]): Promise<void> {
  for (const [place, { run_id }] of runs.entries()) {
    const round = Math.floor(place / segments.length);
    await partition.start(segments[place % segments.length] as Segment, { round }, run_id);
  }
}

/** Delivers the signals and answers that the runs wait for. */
export async function release(partition: Partition, runs: readonly RunKey[]): Promise<void> {
  for (const [place, run] of runs.entries()) {
    const segment = segments[place % segments.length];
    if (segment === waiting) await partition.runs.signal(run, 'go', 'now');
    if (segment !== approval) continue;
    await partition.runs.answer('acme', `${run.run_id}:ask`, { decision: 'approve', answered_by: 'ann' }, anyone);
  }
}

/** The output of a run; null if it fails. */
export function mixedOutput(place: number): Json {
  const round = Math.floor(place / segments.length);
  const outputs = [['a', 'b', { round }], [10, 20, 30, 40, 50], null, 2, 2, { round }, 'published', 'now'];
  return outputs[place % segments.length] ?? null;
}
