import { join } from 'node:path';
import { openMemoryBackend } from '@llmteam/backend-embedded';
import type { Json, JsonObject, RunKey, RunResult } from '@llmteam/contracts';
import { EmbeddedRuntime } from '@llmteam/embedded';
import { defineSegment, type Isolation } from '@llmteam/kernel';
import { type Config, loadConfig, systemClock } from '@llmteam/service-host';
import { recordingLogger } from '../../support/recording-logger.js';

const hostile = join(import.meta.dirname, '../../../isolation/hostile');

export interface HostileRuntime {
  /** Runs one step that does what `name` says, once. */
  act(name: string, more?: StepOptions): Promise<RunResult>;
  /** Runs a step of the same plugin that does nothing wrong, and takes so long. */
  calm(ms: number): Promise<RunResult>;
  /** Runs an agent that asks the model, once. */
  ask(llmRef: string, more?: StepOptions): Promise<RunResult>;
  /** Runs a step of another plugin. */
  other(): Promise<RunResult>;
  cancel(run: RunKey): Promise<void>;
  readonly runtime: EmbeddedRuntime;
  /** Everything that was logged. */
  readonly logged: readonly string[];
}

interface StepOptions {
  readonly config?: JsonObject;
  readonly input?: Json;
  readonly timeout_seconds?: number;
  readonly run_id?: string;
}

export type Models = Readonly<Record<string, JsonObject & { readonly provider: string }>>;

export interface HostileOptions {
  /** Default: that of the tests. */
  readonly package?: string;
  readonly memory_mb?: number;
  readonly grant?: JsonObject;
  readonly unresponsive_seconds?: number;
  /** Entries of `llms`. Default: none. */
  readonly llms?: Models;
}

/** The embedded runtime in memory with the hostile plugin. */
export async function withHostile(
  isolation: Isolation,
  use: (hostile: HostileRuntime) => Promise<void>,
  { llms = {}, ...options }: HostileOptions = {},
): Promise<void> {
  const clock = systemClock();
  const logged: string[] = [];
  const file = {
    plugins: [{ package: hostile, isolation, ...options }],
    secrets: { key: 'env:KEY', other_key: 'env:KEY' },
    stores: ['kept'],
    llms,
  };
  const config = { ...loadConfig(null, { KEY: 'the-secret-value' }), file } as Config;
  const openBackend = () => openMemoryBackend({ clock });
  const runtime = await EmbeddedRuntime.open({ config, clock, log: recordingLogger(logged), openBackend });
  await runtime.drive([]);
  try {
    await use(actor(runtime, logged));
  } finally {
    await runtime.close();
  }
}

function actor(runtime: EmbeddedRuntime, logged: readonly string[]): HostileRuntime {
  let count = 0;
  const run = async (step: object, input: Json, runId = `run-${++count}`): Promise<RunResult> => {
    const steps = [{ step_id: 'a', ...step }];
    const segment = { segment_id: 's', name: 'S', entrypoint: 'a', params: { max_retries: 0 }, steps };
    const definition = await runtime.definitions.put(defineSegment(segment as never, runtime.catalog));
    const key = { tenant_id: 'acme', run_id: runId };
    await runtime.runs.start({ ...key, definition, input, timeout_seconds: null });
    return runtime.result(key);
  };
  const act: HostileRuntime['act'] = (name, { config = {}, input = {}, timeout_seconds, run_id } = {}) =>
    run(
      { type: 'hostile', config: { act: name, ...config }, ...(timeout_seconds !== undefined && { timeout_seconds }) },
      input,
      run_id,
    );
  return {
    act,
    ask: (llmRef, { config, timeout_seconds } = {}) =>
      run(
        {
          type: 'llm_agent',
          config: { llm_ref: llmRef, user_prompt_template: 'say', ...config },
          ...(timeout_seconds !== undefined && { timeout_seconds }),
        },
        {},
      ),
    calm: (ms) => act('calm', { config: { ms } }),
    other: () => run({ type: 'transform', config: { expression: '1 + 1' } }, {}),
    cancel: async (key) => void (await runtime.runs.control(key, 'cancel', 'a test')),
    runtime,
    logged,
  };
}

/** `CODE: message`, or the output of a run that completed. */
export function endOf({ error, output }: RunResult): string {
  return error === null ? JSON.stringify(output) : `${error.error_code}: ${error.error_message}`;
}
