import type { Run, RunState } from '@llmteam/kernel';
import { isEnded, outstandingEffects, stepOfScope } from '@llmteam/kernel';
import * as assert from 'uvu/assert';

type Scope = RunState['scopes'] extends ReadonlyMap<string, infer Value> ? Value : never;
type Step = Scope['steps'] extends ReadonlyMap<string, infer Value> ? Value : never;

const decided = new Set(['completed', 'failed', 'skipped', 'cancelled']);
const isOpen = (step: Step): boolean => !decided.has(step.status);

interface Occurrence {
  readonly key: string;
  readonly step: Step;
  readonly isTask: boolean;
}

function occurrences({ state, plan }: Run): Occurrence[] {
  return [...state.scopes.values()].flatMap((scope) =>
    [...scope.steps].map(([stepId, step]) => ({
      key: scope.path === '' ? stepId : `${scope.path}/${stepId}`,
      step,
      isTask: stepOfScope(state, plan, scope, stepId)?.type.control === null,
    })),
  );
}

/** The invariants of `state.ts` for a run between two entries. */
export function checkState(run: Run): void {
  const known = occurrences(run);
  checkCounts(run, known);
  checkScopes(run);
  checkReferences(run, new Map(known.map((one) => [one.key, one])));
  if (isEnded(run.state)) checkEnd(run);
  else checkWaitsForSomething(run);
}

function checkCounts({ state }: Run, known: readonly Occurrence[]): void {
  const inFlight = known.filter(({ step, isTask }) => isTask && /^(queued|running)$/.test(step.status));
  assert.is(state.in_flight, inFlight.length, 'in_flight is the number of jobs in flight');
}

function checkScopes({ state, plan }: Run): void {
  for (const scope of state.scopes.values()) {
    const outer = scope.owner === null ? undefined : state.scopes.get(scope.owner.scope);
    const owner = outer === undefined ? undefined : stepOfScope(state, plan, outer, scope.owner?.step_id ?? '');
    const region = (owner?.inner.size ?? 0) > 0 ? 1 : (plan.regions.get(owner?.index ?? -1)?.length ?? 0);
    const closed = [...scope.steps.values()].filter((step) => !isOpen(step)).length;
    assert.is(scope.undecided, region - closed, `undecided of scope '${scope.path}'`);
    if (scope.owner === null) continue;
    const opener = state.scopes.get(scope.owner.scope)?.steps.get(scope.owner.step_id);
    assert.ok(opener?.control?.scopes.has(scope.path), `scope '${scope.path}' belongs to a step that is open`);
  }
}

/** Timers, waits and children belong to open steps that refer to them. */
function checkReferences(run: Run, known: ReadonlyMap<string, Occurrence>): void {
  const { state } = run;
  checkTimers(run, known);
  for (const { step, key } of known.values()) {
    if (step.timer !== null) assert.ok(isPending(state, step.timer), `the timer of '${key}' is pending`);
    for (const id of step.control?.timers.values() ?? []) assert.ok(isPending(state, id), `timer '${id}' is pending`);
    assert.ok(isOpen(step) || step.control === null, `'${key}' is decided and keeps nothing`);
  }
  for (const wait of state.waits) assert.ok(isKnownOpen(known, wait.step), `'${wait.step}' waits and is open`);
  for (const [key, runId] of state.children) assert.is(known.get(key)?.step.control?.child?.run_id, runId);
}

function isPending({ timers, stopped_timers }: RunState, id: string): boolean {
  return timers.has(id) || stopped_timers.has(id);
}

function checkTimers({ state }: Run, known: ReadonlyMap<string, Occurrence>): void {
  assert.ok(
    state.status === 'paused' || state.stopped_timers.size === 0,
    'only the clocks of a paused run stand still',
  );
  for (const [id, timer] of state.timers) {
    if (timer.kind === 'run') continue;
    const step = known.get(timer.step)?.step;
    assert.ok(step !== undefined && isOpen(step), `timer '${id}' is of an open step`);
    if (timer.kind === 'control') assert.is(step.control?.timers.get(timer.name), id);
    else assert.is(step.timer, id);
  }
}

function isKnownOpen(known: ReadonlyMap<string, Occurrence>, key: string): boolean {
  const step = known.get(key)?.step;
  return step !== undefined && isOpen(step);
}

function checkEnd({ state, plan }: Run): void {
  assert.is(state.in_flight, 0, 'nothing is in flight after the end');
  assert.is(state.timers.size + state.waits.length + state.children.size, 0, 'nothing is waited for after the end');
  assert.is(state.scopes.size, 1, 'no iteration is open after the end');
  if (state.status !== 'completed') return;
  assert.is(state.scopes.get('')?.undecided, 0, 'every step of a completed run is decided');
  assert.is(state.error, null);
  assert.is(state.scopes.get('')?.steps.size, plan.regions.get(-1)?.length);
}

/** A running run has something that lets it continue, and holds no step back if there is a free slot. */
function checkWaitsForSomething(run: Run): void {
  const { state, plan } = run;
  const moving = outstandingEffects(run).filter(
    (effect) =>
      effect.kind === 'dispatch' ||
      effect.kind === 'start_child' ||
      (effect.kind === 'arm_timer' && !effect.timer.startsWith('run:timeout')) ||
      (effect.kind === 'show_task' && effect.task.status !== 'closed'),
  );
  const held = occurrences(run).filter(({ step }) => step.held && isOpen(step)).length;
  if (state.status === 'paused') {
    assert.ok(moving.length + state.waits.length + held > 0, 'a paused run has something left to do');
    return;
  }
  assert.is(state.status, 'running');
  assert.ok(moving.length + state.waits.length > 0, 'a running run waits for something');
  assert.ok(held === 0 || state.in_flight === plan.max_parallel, 'nothing is held back while there is room');
}
