import type { ExitCode } from '../exit-codes.js';
import { checkWritable } from '../files.js';
import { findRun } from '../find-run.js';
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
  const run = await findRun(settings, options.tenant, runId);
  const stores = await storesOfRun(settings, run.run_id);
  return continueRun(settings, stores, run, options);
}
