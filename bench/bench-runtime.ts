import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openSqliteBackend } from '@llmteam/backend-embedded';
import type { Json, RunKey, Segment } from '@llmteam/contracts';
import { EmbeddedRuntime } from '@llmteam/embedded';
import { defineSegment, type Isolation, type StepCatalog } from '@llmteam/kernel';
import { configOf, systemClock } from '@llmteam/service-host';
import { withFolder } from './folder.js';
import { silent } from './silent.js';

const noopPlugin = join(dirname(fileURLToPath(import.meta.url)), '..', 'noop-plugin');

/** The embedded runtime on a fresh durable store, set up as `llmteam run` does. */
export interface BenchRuntime {
  readonly catalog: StepCatalog;
  prepare(segment: Segment): Promise<string>;
  /** Runs the segment once; resolves with the run's final status. */
  run(definition: string, input?: Json): Promise<string>;
}

export async function withRuntime<T>(
  work: (runtime: BenchRuntime) => Promise<T>,
  isolation: Isolation = 'inline',
  settings: object = {},
): Promise<T> {
  return withFolder(async (folder) => {
    const clock = systemClock();
    const runtime = await EmbeddedRuntime.open({
      config: configOf({ plugins: [{ package: noopPlugin, isolation }], ...settings }, folder),
      clock,
      log: silent,
      openBackend: () => openSqliteBackend({ folder, clock, synchronous: 'full' }),
    });
    await runtime.drive([]);
    let count = 0;
    try {
      return await work({
        catalog: runtime.catalog,
        prepare: (segment) => runtime.definitions.put(defineSegment(segment, runtime.catalog)),
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
