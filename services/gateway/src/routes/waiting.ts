import type { RunKey, RunView } from '@llmteam/contracts';
import { Type } from 'typebox';
import type { Services } from '../services.js';

export const waitField = Type.Optional(
  Type.Number({ minimum: 0, maximum: 60, default: 0, description: 'Seconds to wait for the end of the run.' }),
);

/** The run, once it has ended; null if it has not within the time. */
export async function waitForEnd(
  run: RunKey,
  seconds: number | undefined,
  leaving: () => AbortSignal,
  { followers, runs, limits }: Services,
): Promise<RunView | null> {
  const timeMs = Math.min(seconds ?? 0, limits.wait_seconds) * 1_000;
  if (timeMs === 0 || !(await followers.ended(run, timeMs, leaving()))) return null;
  return runs.show(run);
}
