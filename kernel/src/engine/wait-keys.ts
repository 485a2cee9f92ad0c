/**
 * Purpose: what a run waits for, as short texts that lists and counts can work with.
 * Owns: their form and their number. Does not own: which of them are good or bad, because that depends on who is there
 * (`runs/waiting-reasons.ts`).
 *
 * A key is a kind of `WaitingFor`; `worker:<queue>` for a job that nobody has begun, `running:<worker>` for one that somebody has; or
 * `paused`. The held steps of a paused run have no key of their own, as in explanations.
 */

import { stepOfScope } from './find-step.js';
import { isDecided, isEnded, type Run, type ScopeState, type StepState } from './state.js';
import { waitsFor } from './waiting.js';

/** Of one kind. A run with more is found by these. */
const mostOfKind = 20;

/** Sorted, each once; empty for a run that has ended, or is between two steps. */
export function waitKeysOf(run: Run): string[] {
  if (isEnded(run.state)) return [];
  const keys = new Set<string>();
  if (run.state.status === 'paused') keys.add('paused');
  for (const scope of run.state.scopes.values()) {
    for (const [stepId, state] of scope.steps) {
      const key = isDecided(state.status) ? null : keyOf(run, scope, stepId, state);
      if (key !== null) keys.add(key);
    }
  }
  return bounded([...keys].sort());
}

/** The kind of a key, e.g. `worker`. */
export function kindOfWait(key: string): string {
  const end = key.indexOf(':');
  return end < 0 ? key : key.slice(0, end);
}

/** What follows the kind; empty if nothing does. */
export function detailOfWait(key: string): string {
  const end = key.indexOf(':');
  return end < 0 ? '' : key.slice(end + 1);
}

function keyOf(run: Run, scope: ScopeState, stepId: string, state: StepState): string | null {
  const step = stepOfScope(run.state, run.plan, scope, stepId);
  if (step === undefined) return null;
  const waiting = waitsFor(run, { scope, step, state });
  if (waiting === null) return state.status === 'running' && state.worker !== null ? `running:${state.worker}` : null;
  if (waiting.kind === 'resume') return null;
  return waiting.kind === 'worker' ? `worker:${waiting.queue}` : waiting.kind;
}

function bounded(keys: string[]): string[] {
  const counts = new Map<string, number>();
  return keys.filter((key) => {
    const kind = kindOfWait(key);
    const count = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, count);
    return count <= mostOfKind;
  });
}
