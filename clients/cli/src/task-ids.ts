import { LlmteamError, type RunKey } from '@llmteam/contracts';

/** A task is named `<run_id>:<step key>`. @throws LlmteamError `TASK_UNKNOWN` if the id names no run */
export function run_of_task(tenant_id: string, task_id: string): RunKey {
  const colon = task_id.indexOf(':');
  if (colon > 0) return { tenant_id, run_id: task_id.slice(0, colon) };
  throw new LlmteamError('TASK_UNKNOWN', `there is no task '${task_id}'; 'llmteam tasks list' lists them`);
}
