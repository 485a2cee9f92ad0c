import type { ExitCode } from '../exit-codes.js';
import { check_writable } from '../files.js';
import { stores_of_run } from '../homes.js';
import type { ResultOptions } from '../result-output.js';
import { continue_run } from '../run-continuation.js';
import type { Settings } from '../settings.js';

export async function runs_resume(
  settings: Settings,
  [run_id = '']: readonly string[],
  options: ResultOptions & { readonly tenant: string },
): Promise<ExitCode> {
  check_writable(options.output);
  const stores = await stores_of_run(settings, run_id);
  return continue_run(settings, stores, { tenant_id: options.tenant, run_id }, options);
}
