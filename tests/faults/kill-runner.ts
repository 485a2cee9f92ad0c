/**
 * A process that runs or continues one segment and dies by SIGKILL right after its Nth append was acknowledged, or right before
 * that append. Argument: one JSON object, see `Orders`. Prints the run's result if it survives.
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Journal, Json, Logger, NewEntry, Position, RunKey, Segment } from '@llmteam/contracts';
import { LocalStores } from '@llmteam/embedded';
import { defineSegment } from '@llmteam/kernel';
import { loadConfig } from '@llmteam/service-host';
import { quietLogger } from '../support/quiet-logger.js';

export interface Orders {
  readonly home: string;
  readonly config: string;
  readonly segment: string;
  readonly input: Json;
  readonly run_id: string;
  readonly mode: 'run' | 'resume';
  /** Die at this append; 0 means never. */
  readonly killAfter: number;
  /** Die before the append reaches the store, or after it was acknowledged. */
  readonly moment: 'asked' | 'kept';
}

const orders = JSON.parse(process.argv[2] ?? '{}') as Orders;
const run: RunKey = { tenant_id: 'default', run_id: orders.run_id };
const log: Logger = { ...quietLogger, error: console.error, child: () => log };

function deadly(journal: Journal): Journal {
  let appends = 0;
  const append = async (key: RunKey, entries: readonly NewEntry[]): Promise<readonly Position[]> => {
    const isLast = ++appends === orders.killAfter;
    if (isLast && orders.moment === 'asked') process.kill(process.pid, 'SIGKILL');
    const positions = await journal.append(key, entries);
    if (isLast) process.kill(process.pid, 'SIGKILL');
    return positions;
  };
  return {
    supports: journal.supports,
    partitions: journal.partitions,
    partitionOf: (key) => journal.partitionOf(key),
    append,
    read: (key, after) => journal.read(key, after),
    follow: (...given) => journal.follow(...given),
    end: (partition) => journal.end(partition),
    remove: (key, before) => journal.remove(key, before),
    close: () => journal.close(),
  };
}

const stores = new LocalStores({ home: orders.home, config: loadConfig(orders.config), log, decorateJournal: deadly });
const store = await stores.openAny();
const { runtime } = store;
if (orders.mode === 'run') {
  await runtime.drive([]);
  const folder = dirname(orders.segment);
  const publish = async (file: string): Promise<string> => {
    const segment = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Segment;
    const definition = defineSegment(segment, runtime.catalog);
    await runtime.segments.publish(run.tenant_id, definition);
    return runtime.definitions.put(definition);
  };
  await publish('chain.json');
  const definition = await publish(orders.segment.slice(folder.length + 1));
  await runtime.runs.start({ ...run, definition, input: orders.input });
} else {
  await runtime.drive([run]);
}
console.error('driving');
const result = await runtime.result(run);
const events = await runtime.runs.events(run);
await store.close();
console.log(JSON.stringify({ result, seqs: events.map((event) => event.seq) }));
