import { setTimeout as sleep } from 'node:timers/promises';
import { repeat } from '../../measure.js';
import type { Row } from '../../row.js';
import { chain } from '../../segments.js';
import { withCluster } from '../cluster.js';

const leaseSeconds = 2;

/** How long after a coordinator is killed does another one drive its runs? */
export async function takeover(): Promise<Row> {
  const measured = await repeat(3, once);
  const leastMs = (leaseSeconds + 1) * 1_000;
  return {
    key: 'nats_takeover_ms',
    question: `NATS: kill -9 of a coordinator until another runs the next step, lease ${leaseSeconds} s`,
    unit: 'ms',
    measured,
    floor: null,
    target: '≤ lease + 1 s',
    isMet: measured.max <= leastMs,
  };
}

async function once(): Promise<number> {
  const env = { LLMTEAM_COORDINATOR_LEASE_SECONDS: String(leaseSeconds) };
  return withCluster({ sync: 'default', coordinators: 2, workers: 1, env }, async ({ prepare, run, coordinators }) => {
    const definition = await prepare(chain(1));
    // Time for both to acquire their share of the partitions.
    await sleep(2 * leaseSeconds * 1_000);
    await run(definition);
    const killedAt = performance.now();
    await coordinators[0]?.stop('SIGKILL');
    // Enough runs to hit the partitions that have no owner now.
    await Promise.all(Array.from({ length: 20 }, () => run(definition)));
    return performance.now() - killedAt;
  });
}
