import { testSeed } from '../../support/random.js';

/** Number of kills, duration and seed: the defaults for `make test`, or environment variables from `make chaos`. */
export interface KillPlan {
  /** CHAOS_SEED or TEST_SEED; default: a new one each time. */
  readonly seed: number;
  /** Minimum number of kills. */
  readonly kills: number;
  /** Minimum duration from CHAOS_MINUTES; default: until there were enough kills. */
  readonly lastsMs: number;
  /** Mean interval between kills. */
  readonly apartMs: number;
}

export function killPlan(): KillPlan {
  const { CHAOS_SEED, CHAOS_MINUTES } = process.env;
  const lastsMs = Number(CHAOS_MINUTES ?? 0) * 60_000;
  return { seed: Number(CHAOS_SEED ?? testSeed()), kills: 300, lastsMs, apartMs: 350 };
}
