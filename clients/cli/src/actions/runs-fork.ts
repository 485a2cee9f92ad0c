import { type JsonObject, LlmteamError, type RunKey } from '@llmteam/contracts';
import { inheritConfig } from '../configuration.js';
import type { ExitCode } from '../exit-codes.js';
import { checkWritable, parseArgument } from '../files.js';
import { printNote } from '../notes.js';
import { storesOfRun } from '../open-stores.js';
import type { ResultOptions } from '../result-output.js';
import { continueRun } from '../run-continuation.js';
import type { Settings } from '../settings.js';

interface Options extends ResultOptions {
  readonly tenant: string;
  readonly fromStep: string;
  readonly inputOverrides?: string;
}

export async function runsFork(
  settings: Settings,
  [runId = '']: readonly string[],
  options: Options,
): Promise<ExitCode> {
  checkWritable(options.output);
  const inputOverrides = overridesOf(options);
  const run: RunKey = { tenant_id: options.tenant, run_id: runId };
  const stores = await storesOfRun(settings, run.run_id);
  const store = await stores.openStoreOf(run);
  let forked: RunKey;
  try {
    const request = {
      from_step: options.fromStep,
      ...(inputOverrides !== undefined && { input_overrides: inputOverrides }),
    };
    forked = await store.runs.fork(run, request);
  } finally {
    await store.close();
  }
  inheritConfig(settings, run.run_id, forked.run_id);
  printNote(settings, `Run ${forked.run_id} was forked from step '${options.fromStep}'.`);
  return continueRun(settings, stores, forked, options);
}

function overridesOf({ inputOverrides }: Options): JsonObject | undefined {
  if (inputOverrides === undefined) return undefined;
  const value = parseArgument('--input-overrides', inputOverrides);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw new LlmteamError('USAGE', '--input-overrides must be an object of port values, e.g. {"input": 1}');
}
