import type { HumanTask, TaskAnswer, TaskPage, TaskQuery } from '@llmteam/contracts';
import type { RunService } from '@llmteam/kernel';

/** The human tasks of a tenant's runs. */
export class HumanTasks {
  constructor(private readonly runs: RunService) {}

  /** @throws LlmteamError `USAGE` if the cursor is not from this list */
  async list(query: TaskQuery): Promise<TaskPage> {
    const { rows, cursor } = await this.runs.tasks(query);
    return { tasks: [...rows], cursor };
  }

  /** @throws LlmteamError `TASK_UNKNOWN` */
  show(tenantId: string, taskId: string): Promise<HumanTask> {
    return this.runs.task(tenantId, taskId);
  }

  /** @throws LlmteamError `TASK_UNKNOWN`, `TASK_CLOSED` */
  async claim(tenantId: string, taskId: string, by: string): Promise<HumanTask> {
    await this.runs.claim(tenantId, taskId, by);
    return this.runs.task(tenantId, taskId);
  }

  /** Idempotent for the same answer. @throws LlmteamError `TASK_UNKNOWN`, `TASK_CLOSED`, `ANSWER_INVALID` */
  async answer(tenantId: string, taskId: string, answer: TaskAnswer): Promise<HumanTask> {
    const asked = await this.runs.task(tenantId, taskId);
    await this.runs.answer(tenantId, taskId, answer);
    return { ...asked, status: 'closed', answer };
  }
}
