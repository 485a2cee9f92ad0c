import type { IndexChange, Position, RunIndex } from '@llmteam/contracts';
import { type CatchUpDeps, catchUpIndex } from './index-catch-up.js';

export interface RebuildDeps extends CatchUpDeps {
  readonly index: RunIndex;
}

export interface RebuildProgress {
  /** Runs and tasks listed so far. */
  readonly runs: number;
  readonly tasks: number;
  /** The share of the journal that is read, from 0 to 1. */
  readonly done: number;
}

/**
 * Clears the run index and rebuilds it from the journal of any backend. Nobody else may write to it meanwhile. If the process dies, the
 * index covers part of the journal, and the next to open it catches up as usual.
 */
export async function rebuildIndex(
  deps: RebuildDeps,
  onProgress: (progress: RebuildProgress) => void = () => undefined,
): Promise<RebuildProgress> {
  const { journal, index } = deps;
  const ends = await Promise.all(Array.from({ length: journal.partitions }, (_, partition) => journal.end(partition)));
  const length = ends.reduce((sum, end) => sum + end, 0);
  const reached = new Map<number, Position>();
  let progress: RebuildProgress = { runs: 0, tasks: 0, done: 0 };
  const apply = async (changes: readonly IndexChange[]): Promise<void> => {
    const { runs, tasks } = await unlisted(index, changes);
    await index.apply(changes);
    for (const { partition, position } of changes) reached.set(partition, position);
    const read = [...reached.values()].reduce((sum, position) => sum + position, 0);
    progress = { runs: progress.runs + runs, tasks: progress.tasks + tasks, done: Math.min(1, read / length) };
    onProgress(progress);
  };
  await index.clear();
  const counted = { position: (partition: number) => index.position(partition), apply };
  for (const partition of ends.keys()) await catchUpIndex({ ...deps, index: counted }, partition);
  return { ...progress, done: 1 };
}

/** How many rows of the changes are new: a long run comes up again and again. */
async function unlisted(index: RunIndex, changes: readonly IndexChange[]): Promise<{ runs: number; tasks: number }> {
  let newRuns = 0;
  let newTasks = 0;
  for (const { runs, tasks } of changes) {
    for (const { tenant_id, run_id } of runs) if ((await index.run(tenant_id, run_id)) === null) newRuns++;
    for (const { tenant_id, task_id } of tasks) if ((await index.task(tenant_id, task_id)) === null) newTasks++;
  }
  return { runs: newRuns, tasks: newTasks };
}
