import { createHash } from 'node:crypto';
import type { HumanTask, IndexChange, JsonObject, Registry } from '@llmteam/contracts';
import type { Lists } from './projection.js';
import { some_at_a_time } from './some-at-a-time.js';

const writes_at_a_time = 32;
/** Registries take at least 1,024. */
const longest_key = 1_000;

/** How long it can be seen that a task is closed; whoever keeps a list looks more often. */
const closed_for_ms = 7 * 24 * 3_600_000;

/**
 * The human tasks of a coordinator without a run index beside it, in the registry: `tasks/<tenant_id>/<task_id>`. The key of a task
 * that is closed goes after a week. Rows of runs are passed over: whoever lists runs reads the journal.
 */
export class TaskFeed implements Lists {
  constructor(private readonly registry: Registry) {}

  /** @throws the first error of the registry, after all tasks were tried */
  async apply(changes: readonly IndexChange[]): Promise<void> {
    const latest = new Map<string, HumanTask>();
    for (const { tasks } of changes) for (const task of tasks) latest.set(key_of(task), task);
    const errors: unknown[] = [];
    await some_at_a_time(writes_at_a_time, latest, async ([key, task]) => {
      await this.write(key, task).catch((error: unknown) => errors.push(error));
    });
    if (errors.length > 0) throw errors[0];
  }

  private async write(key: string, task: HumanTask): Promise<void> {
    const options = task.status === 'closed' ? { ttl_ms: closed_for_ms } : {};
    await this.registry.put(key, task as unknown as JsonObject, options);
  }
}

/** Steps deep in loops have long names. */
function key_of({ tenant_id, task_id }: HumanTask): string {
  const key = `tasks/${tenant_id}/${task_id}`;
  if (key.length <= longest_key) return key;
  return `${key.slice(0, longest_key - 72)}~sha256:${createHash('sha256').update(task_id).digest('hex')}`;
}
