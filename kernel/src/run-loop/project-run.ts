import { type Entry, type HumanTask, isLlmteamError, type Journal, type RunKey, type RunRow } from '@llmteam/contracts';
import type { Definitions } from '../definitions/definitions.js';
import { planToBegin } from '../definitions/fold-history.js';
import { RunFold } from '../engine/fold.js';
import { redactedRow, rowAfter } from '../run-index/row-after.js';
import { rowOf } from './run-row.js';

export interface ProjectionDeps {
  readonly journal: Journal;
  readonly definitions: Definitions;
}

export interface ProjectedRun {
  readonly row: RunRow | null;
  readonly tasks: readonly HumanTask[];
  /** Why the steps of the run cannot be evaluated here; undefined if they can. */
  readonly fault?: unknown;
}

/**
 * The index rows of a run, from its history. A run whose step types are not installed here, or whose history cannot be read to its end, is
 * listed by its run-level facts alone.
 */
export async function projectRun({ journal, definitions }: ProjectionDeps, key: RunKey): Promise<ProjectedRun> {
  const entries: Entry[] = [];
  const unread = await readInto(entries, journal.read(key));
  for (const { fact } of entries) if (fact.type === 'run.redacted') return { row: redactedRow(fact), tasks: [] };
  if (entries[0]?.fact.type !== 'run.requested') return { row: null, tasks: [] };
  try {
    if (unread !== null) throw unread;
    return await replayForIndex(definitions, key, entries);
  } catch (fault) {
    return { row: entries.reduce<RunRow | null>(rowAfter, null), tasks: [], fault };
  }
}

/** Why the rest of a history cannot be read; null if all of it was. */
async function readInto(entries: Entry[], history: AsyncIterable<Entry>): Promise<unknown> {
  try {
    for await (const entry of history) entries.push(entry);
    return null;
  } catch (error) {
    if (isLlmteamError(error) && error.code === 'STORE_CORRUPT') return error;
    throw error;
  }
}

async function replayForIndex(definitions: Definitions, key: RunKey, entries: readonly Entry[]): Promise<ProjectedRun> {
  const fold = new RunFold(key);
  const tasks = new Map<string, HumanTask>();
  for (const { fact } of entries) {
    const outcome = fold.apply(fact, await planToBegin(fold, fact, definitions));
    for (const effect of outcome?.effects ?? []) {
      if (effect.kind === 'show_task') tasks.set(effect.task.task_id, effect.task);
    }
  }
  return { row: fold.run === null ? null : rowOf(fold.run), tasks: [...tasks.values()] };
}
