/** Runs three steps that never end, and exits as if the first or, with `unknown`, any of them had ended the process. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Segment } from '@llmteam/contracts';
import { LocalStores } from '@llmteam/embedded';
import { defineSegment } from '@llmteam/kernel';
import { loadConfig } from '@llmteam/service-host';
import { quietLogger } from '../support/quiet-logger.js';

const [home = '', config = '', culprit = ''] = process.argv.slice(2);
const hang = ['one', 'two', 'three'];
const segment: Segment = {
  segment_id: 'three',
  name: 'Three',
  entrypoint: 'begin',
  steps: [
    { step_id: 'begin', type: 'deadly', config: {} },
    ...hang.map((id) => ({ step_id: id, type: 'deadly', config: { act: 'hang' } })),
  ],
  edges: hang.map((id) => ({ from: 'begin', to: id })),
};
const store = await new LocalStores({ home, config: loadConfig(config), log: quietLogger }).openAny();
const { runtime } = store;
await runtime.drive([]);
const definition = await runtime.definitions.put(defineSegment(segment, runtime.catalog));
await runtime.runs.start({ tenant_id: 'default', definition, input: 1 });
while (runtime.running.list().length < hang.length) await sleep(5);
const [first] = runtime.running.list();
if (first !== undefined && culprit === 'known') runtime.running.culprit(first);
process.exit(3);
