import { type JsonObject, LlmteamError, type RunKey } from '@llmteam/contracts';
import { inherit_config } from '../configuration.js';
import type { ExitCode } from '../exit-codes.js';
import { check_writable, parse_argument } from '../files.js';
import { stores_of_run } from '../homes.js';
import type { ResultOptions } from '../result-output.js';
import { continue_run } from '../run-continuation.js';
import type { Settings } from '../settings.js';
import { tell } from '../telling.js';

interface Options extends ResultOptions {
  readonly tenant: string;
  readonly fromStep: string;
  readonly inputOverrides?: string;
}

export async function runs_fork(
  settings: Settings,
  [run_id = '']: readonly string[],
  options: Options,
): Promise<ExitCode> {
  check_writable(options.output);
  const input_overrides = overrides_of(options);
  const stores = await stores_of_run(settings, run_id);
  const store = await stores.open_store_of({ tenant_id: options.tenant, run_id });
  let forked: RunKey;
  try {
    const request = { from_step: options.fromStep, ...(input_overrides !== undefined && { input_overrides }) };
    forked = await store.runs.fork({ tenant_id: options.tenant, run_id }, request);
  } finally {
    await store.close();
  }
  inherit_config(settings, run_id, forked.run_id);
  tell(settings, `Run ${forked.run_id} begins anew from step '${options.fromStep}'.`);
  return continue_run(settings, stores, forked, options);
}

function overrides_of({ inputOverrides }: Options): JsonObject | undefined {
  if (inputOverrides === undefined) return undefined;
  const value = parse_argument('--input-overrides', inputOverrides);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw new LlmteamError('USAGE', '--input-overrides must be an object of port values, such as {"input": 1}');
}
