/**
 * Purpose: a mixed load on a cluster while something disturbs it, and the verdict.
 * Owns: the order: load, disturbance, quiet, every run to its end, the records are checked, the counts are printed.
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
  /** A fact may be kept twice: its repeat came after the server had forgotten its id. */
  readonly repeatsAreKept?: boolean;
  /** The load goes on until this settles; it may end early when the signal says that all is over. */
  readonly disturb: (random: Random, over: AbortSignal) => Promise<unknown>;
}

export interface Verdict extends Counts {
  readonly kinds: ReadonlyMap<string, number>;
}

/** Time for the last fault to be noticed and made good (I-15): three leases, the start of processes, ten seconds. */
const patienceMs = 30_000;

/** @throws with every promise that was broken, or if nothing moves any more */
export async function storm(cluster: Cluster, wanted: Storm): Promise<Verdict> {
  const { seed, kinds, runsAtATime = 12, graceMs, repeatsAreKept = false } = wanted;
  const random = new Random(seed);
  const load = new MixedLoad(cluster.client, new Random(random.whole(1, 2 ** 31)), kinds);
  await load.prepare();
  const over = new AbortController();
  const finished = unlessStuck(cluster, patienceMs, load.keepGoing(runsAtATime)).finally(() => over.abort());
  const disturbed = wanted.disturb(random, over.signal).finally(() => load.stop());
  // nothing is disturbed any more when this is left, and what went wrong first is what is told
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
