import type { RunAccepted, RunKey } from '@llmteam/contracts';
import type { RunService } from '@llmteam/kernel';

/** The status of a run that was just started or changed. @throws LlmteamError `RUN_UNKNOWN` */
export async function acceptedRun(runs: Pick<RunService, 'show'>, run: RunKey): Promise<RunAccepted> {
  const { run_id, segment_id, status, started_at } = await runs.show(run);
  return { run_id, segment_id, status, started_at };
}
