import type { RunKey } from '@llmteam/contracts';
import type { ExitCode } from '../exit-codes.js';
import { checkWritable } from '../files.js';
import { storesOfRun } from '../open-stores.js';
import type { ResultOptions } from '../result-output.js';
import { continueRun } from '../run-continuation.js';
import type { Settings } from '../settings.js';

export async function runsResume(
  settings: Settings,
  [runId = '']: readonly string[],
  options: ResultOptions & { readonly tenant: string },
): Promise<ExitCode> {
  checkWritable(options.output);
  const run: RunKey = { tenant_id: options.tenant, run_id: runId };
  const stores = await storesOfRun(settings, run.run_id);
  return continueRun(settings, stores, run, { ...options, isResumed: true });
}
