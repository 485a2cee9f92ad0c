/**
 * Purpose: human tasks of a coordinator without a run index beside it, in the key-value store: `tasks/<tenant_id>/<task_id>`.
 * Owns: which of two states of a task is the later one. Lists of runs are made from the journal.
 * Invariants:
 *   F1 A state of an earlier position never replaces one of a later position: a coordinator that lost its partition without noticing
 *      does not reopen what its successor has closed.
 *   F2 The key of a closed task expires after a week.
 */
import {
  type HumanTask,
  type IndexChange,
  isLlmteamError,
  type Json,
  type JsonObject,
  type KvStore,
  type Position,
} from '@llmteam/contracts';
import { boundedKey } from '../kv/bounded-key.js';
import { forEachConcurrently } from './for-each-concurrently.js';
import type { Lists } from './projection.js';

/** The value of a key: the task, and the position of the journal it is of. */
interface FedTask extends HumanTask {
  readonly position: Position;
}

export const tasksPrefix = 'tasks/';

const concurrentWrites = 64;
/** How long a closed task stays visible to those who keep a list. */
const closedForMs = 7 * 24 * 3_600_000;

export class TaskFeed implements Lists {
  readonly listsOnlyTasks = true;

  constructor(private readonly kv: KvStore) {}

  /** @throws the first error of the store, after all tasks were tried */
  async apply(changes: readonly IndexChange[]): Promise<void> {
    const latest = new Map<string, FedTask>();
    for (const { position, tasks } of changes) for (const task of tasks) latest.set(keyOf(task), { ...task, position });
    const errors: unknown[] = [];
    await forEachConcurrently(concurrentWrites, latest, async ([key, task]) => {
      await this.write(key, task).catch((error: unknown) => errors.push(error));
    });
    if (errors.length > 0) throw errors[0];
  }

  /** F1. Each time another writer is faster, the stored position has grown. */
  private async write(key: string, task: FedTask): Promise<void> {
    const ttl = task.status === 'closed' ? { ttlMs: closedForMs } : {};
    for (;;) {
      const found = await this.kv.get(key);
      if (found !== null && positionOf(found.value) >= task.position) return;
      try {
        const ifRevision = found?.revision ?? 0;
        await this.kv.put(key, task as unknown as JsonObject, { ...ttl, ifRevision });
        return;
      } catch (error) {
        if (!isLlmteamError(error) || error.code !== 'REVISION_CONFLICT') throw error;
      }
    }
  }
}

/** The task in a value of the feed. */
export function taskOfFeed(value: Json): HumanTask {
  const { position: _, ...task } = value as unknown as FedTask;
  return task;
}

function keyOf({ tenant_id, task_id }: HumanTask): string {
  return taskKey(tenant_id, task_id);
}

/** The key of a human task. */
export function taskKey(tenantId: string, taskId: string): string {
  return boundedKey(`${tasksPrefix}${tenantId}/`, taskId);
}

/** 0 if it was not written by a feed. */
function positionOf(value: Json): Position {
  const { position } = (value ?? {}) as { readonly position?: unknown };
  return typeof position === 'number' ? position : 0;
}
