/** A process that runs many small runs, or one run of many steps, durably, and prints its highest resident memory in MB. */
import type { Logger, RunKey, Segment } from '@llmteam/contracts';
import { Home } from '@llmteam/embedded';
import { define_segment } from '@llmteam/kernel';
import { load_config } from '@llmteam/service-host';
import { quiet_logger } from '../support/quiet-logger.js';

const [what = '', count_text = '', home_folder = ''] = process.argv.slice(2);
const count = Number(count_text);
const log: Logger = { ...quiet_logger, error: console.error, child: () => log };

function chain(length: number): Segment {
  const ids = Array.from({ length }, (_, place) => `step_${place}`);
  return {
    segment_id: 'chain',
    name: 'Chain',
    entrypoint: 'step_0',
    params: { timeout_seconds: null },
    steps: ids.map((step_id) => ({ step_id, type: 'transform', config: { expression: 'input' } })),
    edges: ids.slice(1).map((to, place) => ({ from: `step_${place}`, to })),
  };
}

const store = await new Home({ home: home_folder, config: load_config(null), log }).open_any();
const { runtime } = store;
await runtime.drive([]);
const definition = await runtime.definitions.put(define_segment(chain(what === 'steps' ? count : 3), runtime.catalog));
const statuses = new Map<string, number>();
for (let number = 0; number < (what === 'steps' ? 1 : count); number++) {
  const run: RunKey = await runtime.runs.start({ tenant_id: 'default', definition, input: { number } });
  const { status } = await runtime.result(run);
  statuses.set(status, (statuses.get(status) ?? 0) + 1);
}
await store.close();
const peak_mb = Math.round(process.resourceUsage().maxRSS / 1_024);
console.log(JSON.stringify({ peak_mb, statuses: Object.fromEntries(statuses) }));
