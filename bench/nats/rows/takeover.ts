import { setTimeout as sleep } from 'node:timers/promises';
import { repeat } from '../../measure.js';
import type { Row } from '../../row.js';
import { chain } from '../../segments.js';
import { with_cluster } from '../cluster.js';

const lease_seconds = 2;

/** How long after a coordinator was killed does another one drive its runs? */
export async function takeover(): Promise<Row> {
  const measured = await repeat(3, once);
  const least_ms = (lease_seconds + 1) * 1_000;
  return {
    key: 'nats_takeover_ms',
    question: `NATS: coordinator kill -9 to the next step by another, lease ${lease_seconds} s`,
    unit: 'ms',
    measured,
    floor: null,
    target: '≤ lease + 1 s',
    is_met: measured.max <= least_ms,
  };
}

async function once(): Promise<number> {
  const env = { LLMTEAM_COORDINATOR_LEASE_SECONDS: String(lease_seconds) };
  return with_cluster({ sync: 'default', coordinators: 2, workers: 1, env }, async ({ prepare, run, coordinators }) => {
    const definition = await prepare(chain(1));
    // Until both have their share of the partitions.
    await sleep(2 * lease_seconds * 1_000);
    await run(definition);
    const killed_at = performance.now();
    await coordinators[0]?.stop('SIGKILL');
    // One run after the other meets every partition, also those that nobody owns now.
    await Promise.all(Array.from({ length: 20 }, () => run(definition)));
    return performance.now() - killed_at;
  });
}
