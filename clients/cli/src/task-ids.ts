import { LlmteamError, type RunKey } from '@llmteam/contracts';

/** A task id is `<run_id>:<step key>`. @throws LlmteamError `TASK_UNKNOWN` if it contains no run id */
export function runOfTask(tenantId: string, taskId: string): RunKey {
  const colon = taskId.indexOf(':');
  if (colon > 0) return { tenant_id: tenantId, run_id: taskId.slice(0, colon) };
  throw new LlmteamError('TASK_UNKNOWN', `there is no task '${taskId}'; 'llmteam tasks list' lists them`);
}
