import type { AnswerTaskBody, ClaimTaskBody, HumanTask, TaskPage, TaskQuery } from '@llmteam/contracts';
import type { RunService } from '@llmteam/kernel';
import type { Principal } from '../keys/key-ring.js';

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

  /** @throws LlmteamError `TASK_UNKNOWN`, `TASK_CLOSED`, `TASK_CLAIMED`, `FORBIDDEN` */
  async claim(principal: Principal, taskId: string, body: ClaimTaskBody): Promise<HumanTask> {
    await this.runs.claim(principal.tenant_id, taskId, body, principal);
    return this.runs.task(principal.tenant_id, taskId);
  }

  /** @throws LlmteamError `TASK_UNKNOWN`, `TASK_CLOSED`, `TASK_CLAIMED` */
  async unclaim(principal: Principal, taskId: string): Promise<HumanTask> {
    await this.runs.unclaim(principal.tenant_id, taskId, principal);
    return this.runs.task(principal.tenant_id, taskId);
  }

  /** Idempotent for the same answer. @throws LlmteamError `TASK_UNKNOWN`, `TASK_CLOSED`, `TASK_CLAIMED`, `FORBIDDEN`, `ANSWER_INVALID` */
  async answer(principal: Principal, taskId: string, body: AnswerTaskBody): Promise<HumanTask> {
    const { tenant_id, name, key } = principal;
    const asked = await this.runs.task(tenant_id, taskId);
    await this.runs.answer(tenant_id, taskId, body, principal);
    const { answered_by = name, ...given } = body;
    return { ...asked, status: 'closed', answer: { ...given, answered_by, answered_with_key: key } };
  }
}
