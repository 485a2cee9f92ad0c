/**
 * Purpose: takes snapshots of a run's state as plain JSON and restores runs from them.
 * Owns: the encoding of Maps and Sets. Does not own: where snapshots are stored, or their size limit.
 * Invariants:
 *   N1 A restored run is indistinguishable from the original: the same entries yield the same events, effects and outcome.
 *   N2 Maps and Sets are known from the shape alone; no value decides how it is decoded.
 *   N3 A snapshot of another engine version, or of any other shape, is not restored.
 */
import type { Json } from '@llmteam/contracts';
import { engineVersion } from './evolve.js';
import type { Plan } from './plan.js';
import {
  type ControlSnapshot,
  hasSnapshotShape,
  type RunSnapshot,
  type ScopeSnapshot,
  type StateSnapshot,
  type StepSnapshot,
} from './snapshot-shape.js';
import type { ControlState, Run, RunState, ScopeState, StepState } from './state.js';

/** Takes a snapshot of the current state. It shares objects with the run: serialise it before the run continues. */
export function takeSnapshot({ state }: Run): RunSnapshot {
  return {
    engine_version: engineVersion,
    state: {
      ...state,
      scopes: [...state.scopes].map(([path, scope]) => [path, snapshotScope(scope)]),
      timers: [...state.timers],
      stopped_timers: [...state.stopped_timers],
      children: [...state.children],
      cancelled_children: [...state.cancelled_children],
    },
  };
}

function snapshotScope(scope: ScopeState): ScopeSnapshot {
  return { ...scope, steps: [...scope.steps].map(([stepId, step]) => [stepId, snapshotStep(step)]) };
}

function snapshotStep(step: StepState): StepSnapshot {
  return step.control === null ? { ...step, control: null } : { ...step, control: snapshotControl(step.control) };
}

function snapshotControl({ state, used_indices, ...control }: ControlState): ControlSnapshot {
  return {
    ...control,
    timers: [...control.timers],
    scopes: [...control.scopes],
    ...(state !== undefined && { state: state as Json }),
    ...(used_indices.length > 0 && { used_indices }),
  };
}

/** Whether `restoreRun` accepts the value. */
export function isSnapshot(value: unknown): value is RunSnapshot {
  return hasSnapshotShape(value) && value.engine_version === engineVersion;
}

/**
 * Restores a run from a parsed snapshot, taking ownership of it. `plan` must be compiled from the definition its request
 * names. Returns null for a snapshot of another engine version or of an unknown shape.
 */
export function restoreRun(plan: Plan, snapshot: unknown): Run | null {
  return isSnapshot(snapshot) ? { plan, state: restoreState(snapshot.state) } : null;
}

function restoreState(state: StateSnapshot): RunState {
  return {
    ...state,
    scopes: new Map(state.scopes.map(([path, scope]) => [path, restoreScope(scope)])),
    timers: new Map(state.timers),
    stopped_timers: new Map(state.stopped_timers),
    children: new Map(state.children),
    cancelled_children: new Set(state.cancelled_children),
  };
}

function restoreScope(scope: ScopeSnapshot): ScopeState {
  return { ...scope, steps: new Map(scope.steps.map(([stepId, step]) => [stepId, restoreStep(step)])) };
}

function restoreStep(step: StepSnapshot): StepState {
  const control = step.control === null ? null : restoreControl(step.control);
  return { ...step, worker: step.worker ?? null, control };
}

function restoreControl(control: ControlSnapshot): ControlState {
  return {
    ...control,
    state: control.state,
    timers: new Map(control.timers),
    scopes: new Set(control.scopes),
    used_indices: control.used_indices ?? [],
  };
}
