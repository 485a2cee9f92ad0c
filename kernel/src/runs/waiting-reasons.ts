/**
 * Purpose: by which reasons of the explanation a listed run is found, from what the loop noted of it and who is there now.
 * Owns: which key is which reason. It agrees with `explainRun`, which takes the same surroundings.
 */
import { type ReasonName, type RunReason, type RunRow, reasonNames, type WaitMatch } from '@llmteam/contracts';
import { detailOfWait, kindOfWait } from '../engine/wait-keys.js';
import type { Surroundings } from './explain-run.js';

/** Who is there to work on the runs of a store. */
export interface Staff {
  of(run: Pick<RunRow, 'tenant_id' | 'run_id' | 'started_at'>): Surroundings;
  /** Whether there is somebody for every run, so far as that is known. */
  readonly drivesAll: boolean;
  /** The queues that somebody serves; null if it serves any that is asked for. */
  readonly queues: readonly string[] | null;
  /** The workers that live; null if that depends on the run. */
  readonly workers: readonly string[] | null;
}

const byKind = ['task', 'signal', 'child_run', 'retry', 'timer', 'slot'] as const satisfies readonly ReasonName[];

/** The reasons of a live run, the decisive ones first; empty if none is known. */
export function reasonsOf(row: RunRow, staff: Staff): RunReason['reason'][] {
  if (row.ended_at !== null) return [];
  const surroundings = staff.of(row);
  const found = new Set((row.waits ?? []).map((key) => reasonOf(key, surroundings)));
  if (!surroundings.isDriven) found.add('not_driven');
  if (row.status === 'paused') found.add('paused');
  else found.delete('paused');
  return reasonNames.filter((name) => found.has(name));
}

/** The reason for a key of a run. */
export function reasonOf(key: string, { workersOf, isAlive }: Pick<Surroundings, 'workersOf' | 'isAlive'>): ReasonName {
  const detail = detailOfWait(key);
  switch (kindOfWait(key)) {
    case 'worker':
      return workersOf(detail).workers === 0 ? 'no_worker' : 'worker';
    case 'running':
      return isAlive(detail) ? 'running' : 'worker_lost';
    default:
      return key as ReasonName;
  }
}

/** Finds at least the runs with one of these reasons; null: it may be any live run. */
export function matchesFor(reasons: readonly ReasonName[], { drivesAll, queues, workers }: Staff): WaitMatch[] | null {
  const wants = (reason: ReasonName): boolean => reasons.includes(reason);
  if (wants('not_driven') && !drivesAll) return null;
  return [
    ...(wants('paused') ? [{ kind: 'paused' }] : []),
    ...byKind.filter(wants).map((kind) => ({ kind })),
    ...ofEither('worker', { among: wants('worker'), besides: wants('no_worker') }, queues),
    ...ofEither('running', { among: wants('running'), besides: wants('worker_lost') }, workers),
  ];
}

/** Keys with a detail among those that are there, besides them, or any. */
function ofEither(
  kind: string,
  { among, besides }: { readonly among: boolean; readonly besides: boolean },
  present: readonly string[] | null,
): WaitMatch[] {
  if (!among && !besides) return [];
  if (present === null || (among && besides)) return [{ kind }];
  const keys = present.map((detail) => `${kind}:${detail}`);
  return [besides ? { kind, except: keys } : { kind, only: keys }];
}
