/**
 * Purpose: what the owner of a store tells other processes about itself.
 * Owns: which runs count as driven: a run that has not ended and is not driven waits for a process that resumes it.
 */
import { createHash } from 'node:crypto';
import type { RunRow } from '@llmteam/contracts';
import type { Config } from '@llmteam/service-host';

/** The runs an owner works on. */
export interface Driving {
  readonly everything: boolean;
  /** The runs it has adopted; their child runs count as well. */
  readonly run_ids: readonly string[];
  /** Epoch milliseconds; runs requested since are driven. Null while nothing is driven. */
  readonly since: number | null;
}

export interface OwnerInfo {
  readonly pid: number;
  /** Identifies the configuration including the variables it refers to: equal digests run segments alike. */
  readonly config_digest: string;
  /** Where it serves the API; null unless it is `llmteam dev`. */
  readonly url: string | null;
  readonly driving: Driving;
}

export const drivesNothing: Driving = { everything: false, run_ids: [], since: null };

export function isDriven(
  { everything, run_ids, since }: Driving,
  { run_id, started_at }: Pick<RunRow, 'run_id' | 'started_at'>,
): boolean {
  if (everything || (since !== null && started_at >= since)) return true;
  return run_ids.some((driven) => run_id === driven || run_id.startsWith(`${driven}.`));
}

export function configDigest({ file, path, environment }: Config): string {
  const text = JSON.stringify([path, file]);
  const names = [...text.matchAll(/"env:([^"]+)"/g)].map(([, name = '']) => name);
  const values = names.map((name) => environment[name] ?? null);
  return createHash('sha256')
    .update(JSON.stringify([text, values]))
    .digest('hex');
}
