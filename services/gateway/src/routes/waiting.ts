import type { RunKey, RunView } from '@llmteam/contracts';
import { Type } from 'typebox';
import type { Services } from '../services.js';

export const wait_field = Type.Optional(
  Type.Number({ minimum: 0, maximum: 60, default: 0, description: 'Seconds to wait for the end of the run.' }),
);

/** The run, once it has ended; null if it has not within the time. */
export async function wait_for_end(
  run: RunKey,
  seconds: number | undefined,
  leaving: () => AbortSignal,
  { followers, runs, limits }: Services,
): Promise<RunView | null> {
  const time_ms = Math.min(seconds ?? 0, limits.wait_seconds) * 1_000;
  if (time_ms === 0 || !(await followers.ended(run, time_ms, leaving()))) return null;
  return runs.show(run);
}
