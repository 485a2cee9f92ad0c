/** A process that executes many small runs, or one run of many steps, durably, and prints its peak resident memory in MB. */
import type { Logger, RunKey, Segment } from '@llmteam/contracts';
import { LocalStores } from '@llmteam/embedded';
import { defineSegment } from '@llmteam/kernel';
import { loadConfig } from '@llmteam/service-host';
import { quietLogger } from '../support/quiet-logger.js';

const [what = '', countText = '', homeFolder = ''] = process.argv.slice(2);
const count = Number(countText);
const log: Logger = { ...quietLogger, error: console.error, child: () => log };

function chain(length: number): Segment {
  const ids = Array.from({ length }, (_, place) => `step_${place}`);
  return {
    segment_id: 'chain',
    name: 'Chain',
    entrypoint: 'step_0',
    params: { timeout_seconds: null },
    steps: ids.map((stepId) => ({ step_id: stepId, type: 'transform', config: { expression: 'input' } })),
    edges: ids.slice(1).map((to, place) => ({ from: `step_${place}`, to })),
  };
}

const store = await new LocalStores({ home: homeFolder, config: loadConfig(null), log }).openAny();
const { runtime } = store;
await runtime.drive([]);
const definition = await runtime.definitions.put(defineSegment(chain(what === 'steps' ? count : 3), runtime.catalog));
const statuses = new Map<string, number>();
for (let number = 0; number < (what === 'steps' ? 1 : count); number++) {
  const run: RunKey = await runtime.runs.start({ tenant_id: 'default', definition, input: { number } });
  const { status } = await runtime.result(run);
  statuses.set(status, (statuses.get(status) ?? 0) + 1);
}
await store.close();
const peakMb = Math.round(process.resourceUsage().maxRSS / 1_024);
console.log(JSON.stringify({ peak_mb: peakMb, statuses: Object.fromEntries(statuses) }));
