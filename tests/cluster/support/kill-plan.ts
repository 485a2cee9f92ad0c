import { testSeed } from '../../support/random.js';

/** How many kills, for how long, and what they follow from: as `make test` has it, or as `make chaos` says by variables. */
export interface KillPlan {
  /** CHAOS_SEED or TEST_SEED; default: another one every time. */
  readonly seed: number;
  /** At least. */
  readonly kills: number;
  /** CHAOS_MINUTES: at least; default: until there were enough kills. */
  readonly lastsMs: number;
  /** From one to the next, on average. */
  readonly apartMs: number;
}

export function killPlan(): KillPlan {
  const { CHAOS_SEED, CHAOS_MINUTES } = process.env;
  const lastsMs = Number(CHAOS_MINUTES ?? 0) * 60_000;
  return { seed: Number(CHAOS_SEED ?? testSeed()), kills: 300, lastsMs, apartMs: 350 };
}
