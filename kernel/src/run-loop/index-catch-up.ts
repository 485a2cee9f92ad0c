import type { IndexChange, Journal, Logger, Position, RunIndex, RunKey } from '@llmteam/contracts';
import type { Definitions } from '../definitions/definitions.js';
import { type ProjectedRun, projectRun } from './project-run.js';
import { UnreadRuns } from './unread-runs.js';

export interface CatchUpDeps {
  readonly journal: Journal;
  readonly index: Pick<RunIndex, 'position' | 'apply'>;
  readonly definitions: Definitions;
  readonly log: Logger;
  /** Whoever gives it tells what is in it. */
  readonly unread?: UnreadRuns;
}

const runsAtATime = 500;

/**
 * Brings the run index up to the end of a partition by replaying the runs whose entries it has not seen; all of them if it is empty.
 * Performs no effects.
 */
export async function catchUpIndex(deps: CatchUpDeps, partition: number): Promise<void> {
  const { journal, index } = deps;
  const from = await index.position(partition);
  if (from >= (await journal.end(partition))) return;
  const touched = new Map<string, RunKey>();
  const unread = deps.unread ?? new UnreadRuns();
  const stop = new AbortController();
  let position: Position = from;
  for await (const batch of journal.follow(partition, from, stop.signal)) {
    for (const entry of batch) {
      touched.set(entry.run_id, { tenant_id: entry.tenant_id, run_id: entry.run_id });
      position = entry.position;
    }
    const isEnd = batch.length === 0;
    if (isEnd || touched.size >= runsAtATime) await project(deps, { partition, position }, touched, unread);
    if (isEnd) break;
  }
  stop.abort();
  if (deps.unread === undefined) unread.tell(deps.log);
}

async function project(
  deps: CatchUpDeps,
  at: Pick<IndexChange, 'partition' | 'position'>,
  touched: Map<string, RunKey>,
  unread: UnreadRuns,
): Promise<void> {
  const projectOne = async (key: RunKey): Promise<ProjectedRun> => {
    const projected = await projectRun(deps, key);
    if (projected.fault !== undefined) unread.note(key, projected.fault);
    return projected;
  };
  const found = await Promise.all([...touched.values()].map(projectOne));
  touched.clear();
  const change: IndexChange = {
    ...at,
    runs: found.flatMap(({ row }) => (row === null ? [] : [row])),
    tasks: found.flatMap(({ tasks }) => tasks),
  };
  await deps.index.apply([change]);
}
