import { new_seed } from './storm.js';

/** How many kills, for how long, and what they follow from: as `make test` has it, or as `make chaos` says by variables. */
export interface KillPlan {
  /** CHAOS_SEED; default: another one every time. */
  readonly seed: number;
  /** At least. */
  readonly kills: number;
  /** CHAOS_MINUTES: at least; default: until there were enough kills. */
  readonly lasts_ms: number;
  /** From one to the next, on average. */
  readonly apart_ms: number;
}

export function kill_plan(): KillPlan {
  const { CHAOS_SEED, CHAOS_MINUTES } = process.env;
  const lasts_ms = Number(CHAOS_MINUTES ?? 0) * 60_000;
  return { seed: Number(CHAOS_SEED ?? new_seed()), kills: 300, lasts_ms, apart_ms: 350 };
}
