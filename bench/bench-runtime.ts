import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { open_sqlite_backend, system_clock } from '@llmteam/backend-embedded';
import type { Json, RunKey, Segment } from '@llmteam/contracts';
import { EmbeddedRuntime } from '@llmteam/embedded';
import { define_segment } from '@llmteam/kernel';
import { load_config } from '@llmteam/service-host';
import { with_folder } from './folder.js';
import { silent } from './silent.js';

const noop_plugin = join(dirname(fileURLToPath(import.meta.url)), '..', 'noop-plugin');

/** The embedded runtime on a fresh durable store, as `llmteam run` has it. */
export interface BenchRuntime {
  prepare(segment: Segment): Promise<string>;
  /** Runs once; resolves with its status. */
  run(definition: string, input?: Json): Promise<string>;
}

export async function with_runtime<T>(work: (runtime: BenchRuntime) => Promise<T>): Promise<T> {
  return with_folder(async (folder) => {
    const clock = system_clock();
    const runtime = await EmbeddedRuntime.open({
      config: { ...load_config(null, {}), file: { plugins: [noop_plugin] } },
      clock,
      log: silent,
      open_backend: () => open_sqlite_backend({ folder, clock, synchronous: 'full' }),
    });
    await runtime.drive([]);
    let count = 0;
    try {
      return await work({
        prepare: (segment) => runtime.definitions.put(define_segment(segment, runtime.catalog)),
        run: async (definition, input = {}) => {
          const key: RunKey = { tenant_id: 'bench', run_id: `run-${++count}` };
          const ended = new Promise<string>((resolve) => {
            const unwatch = runtime.watch(key, {
              ended: (result) => {
                unwatch();
                resolve(result.status);
              },
            });
          });
          await runtime.runs.start({ ...key, definition, input, timeout_seconds: null });
          return ended;
        },
      });
    } finally {
      await runtime.close();
    }
  });
}
