/**
 * Purpose: puts a mixed load on a cluster during a disturbance and checks the result.
 * Owns: the sequence: load, disturbance, recovery, waiting for every run to end, checking the records, printing the counts.
 */

import { Random } from '../../support/random.js';
import { type Counts, checkCluster } from './checker.js';
import type { Cluster } from './cluster.js';
import { MixedLoad } from './mixed-load.js';
import { unlessStuck } from './stuck.js';

export interface Storm {
  readonly seed: number;
  readonly runsAtATime?: number;
  /** Kinds of runs. Default: all. */
  readonly kinds?: readonly string[];
  /** See `CheckOptions`. */
  readonly graceMs: number;
  /** A fact may be stored twice, if the duplicate came after the deduplication window. */
  readonly repeatsAreKept?: boolean;
  /** The load continues until this settles; it should end early when the signal aborts. */
  readonly disturb: (random: Random, over: AbortSignal) => Promise<unknown>;
}

export interface Verdict extends Counts {
  readonly kinds: ReadonlyMap<string, number>;
}

/** Time to detect and recover from the last fault (I-15): three leases, the start of processes, ten seconds. */
const patienceMs = 30_000;

/** @throws with every violated guarantee, or if the runs are stuck */
export async function storm(cluster: Cluster, wanted: Storm): Promise<Verdict> {
  const { seed, kinds, runsAtATime = 12, graceMs, repeatsAreKept = false } = wanted;
  const random = new Random(seed);
  const load = new MixedLoad(cluster.client, new Random(random.whole(1, 2 ** 31)), kinds);
  await load.prepare();
  const over = new AbortController();
  const finished = unlessStuck(cluster, patienceMs, load.keepGoing(runsAtATime)).finally(() => over.abort());
  const disturbed = wanted.disturb(random, over.signal).finally(() => load.stop());
  // The disturbance has ended before this returns, and the first error is the one reported.
  try {
    await finished;
  } finally {
    await Promise.allSettled([disturbed]);
  }
  await disturbed;
  const counts = await checkCluster(cluster, load.expected, { graceMs, repeatsAreKept });
  const ofKinds = Object.fromEntries(load.startedByKind);
  const restarts = cluster.members.reduce((sum, member) => sum + member.restarts, 0);
  const callsRepeated = cluster.client.repeats;
  console.log(JSON.stringify({ seed, ...counts, kinds: ofKinds, calls_repeated: callsRepeated, restarts }));
  return { ...counts, kinds: load.startedByKind };
}
