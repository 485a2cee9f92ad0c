import type { IndexChange, Journal, Logger, Position, RunIndex, RunKey } from '@llmteam/contracts';
import type { Definitions } from '../definitions/definitions.js';
import { project_run } from './project-run.js';

export interface CatchUpPorts {
  readonly journal: Journal;
  readonly index: RunIndex;
  readonly definitions: Definitions;
  readonly log: Logger;
}

const runs_at_a_time = 500;

/**
 * Brings the run index up to the end of a partition: the runs whose entries it has not seen are read from their histories.
 * Rebuilds it whole if it is empty. Needs nothing to run, and starts nothing.
 */
export async function catch_up_index(ports: CatchUpPorts, partition: number): Promise<void> {
  const { journal, index } = ports;
  const from = await index.position(partition);
  if (from >= (await journal.end(partition))) return;
  const touched = new Map<string, RunKey>();
  const stop = new AbortController();
  let position: Position = from;
  for await (const batch of journal.follow(partition, from, stop.signal)) {
    for (const entry of batch) {
      touched.set(entry.run_id, { tenant_id: entry.tenant_id, run_id: entry.run_id });
      position = entry.position;
    }
    const is_end = batch.length === 0;
    if (is_end || touched.size >= runs_at_a_time) await project(ports, partition, position, touched);
    if (is_end) break;
  }
  stop.abort();
}

async function project(
  ports: CatchUpPorts,
  partition: number,
  position: Position,
  touched: Map<string, RunKey>,
): Promise<void> {
  const found = await Promise.all([...touched.values()].map((key) => project_run(ports, key)));
  touched.clear();
  const change: IndexChange = {
    partition,
    position,
    runs: found.flatMap(({ row }) => (row === null ? [] : [row])),
    tasks: found.flatMap(({ tasks }) => tasks),
  };
  await ports.index.apply([change]);
}
