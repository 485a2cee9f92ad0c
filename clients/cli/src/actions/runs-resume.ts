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
  const stores = await storesOfRun(settings, runId);
  return continueRun(settings, stores, { tenant_id: options.tenant, run_id: runId }, options);
}
