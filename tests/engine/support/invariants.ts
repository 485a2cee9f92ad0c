import type { Run, RunState } from '@llmteam/kernel';
import { is_ended, outstanding_effects } from '@llmteam/kernel';
import * as assert from 'uvu/assert';

type Scope = RunState['scopes'] extends ReadonlyMap<string, infer Value> ? Value : never;
type Step = Scope['steps'] extends ReadonlyMap<string, infer Value> ? Value : never;

const decided = new Set(['completed', 'failed', 'skipped', 'cancelled']);
const is_open = (step: Step): boolean => !decided.has(step.status);

interface Occurrence {
  readonly key: string;
  readonly step: Step;
  readonly is_task: boolean;
}

function occurrences({ state, plan }: Run): Occurrence[] {
  return [...state.scopes.values()].flatMap((scope) =>
    [...scope.steps].map(([step_id, step]) => ({
      key: scope.path === '' ? step_id : `${scope.path}/${step_id}`,
      step,
      is_task: plan.by_id.get(step_id)?.type.control === null,
    })),
  );
}

/** What `state.ts` promises of a run between two entries. */
export function check_state(run: Run): void {
  const known = occurrences(run);
  check_counts(run, known);
  check_scopes(run);
  check_references(run, new Map(known.map((one) => [one.key, one])));
  if (is_ended(run.state)) check_end(run);
  else check_waits_for_something(run);
}

function check_counts({ state }: Run, known: readonly Occurrence[]): void {
  const in_flight = known.filter(({ step, is_task }) => is_task && /^(queued|running)$/.test(step.status));
  assert.is(state.in_flight, in_flight.length, 'in_flight is the number of jobs in flight');
}

function check_scopes({ state, plan }: Run): void {
  for (const scope of state.scopes.values()) {
    const owner = scope.owner === null ? -1 : (plan.by_id.get(scope.owner.step_id)?.index ?? -2);
    const region = plan.regions.get(owner)?.length ?? 0;
    const closed = [...scope.steps.values()].filter((step) => !is_open(step)).length;
    assert.is(scope.undecided, region - closed, `undecided of scope '${scope.path}'`);
    if (scope.owner === null) continue;
    const opener = state.scopes.get(scope.owner.scope)?.steps.get(scope.owner.step_id);
    assert.ok(opener?.control?.scopes.has(scope.path), `scope '${scope.path}' belongs to a step that is open`);
  }
}

/** Timers, waits and children belong to steps that are open and know them. */
function check_references(run: Run, known: ReadonlyMap<string, Occurrence>): void {
  const { state } = run;
  check_timers(run, known);
  for (const { step, key } of known.values()) {
    if (step.timer !== null) assert.ok(state.timers.has(step.timer), `the timer of '${key}' is pending`);
    for (const id of step.control?.timers.values() ?? []) assert.ok(state.timers.has(id), `timer '${id}' is pending`);
    assert.ok(is_open(step) || step.control === null, `'${key}' is decided and keeps nothing`);
  }
  for (const wait of state.waits) assert.ok(is_known_open(known, wait.step), `'${wait.step}' waits and is open`);
  for (const [key, run_id] of state.children) assert.is(known.get(key)?.step.control?.child?.run_id, run_id);
}

function check_timers({ state }: Run, known: ReadonlyMap<string, Occurrence>): void {
  for (const [id, timer] of state.timers) {
    if (timer.kind === 'run') continue;
    const step = known.get(timer.step)?.step;
    assert.ok(step !== undefined && is_open(step), `timer '${id}' is of an open step`);
    if (timer.kind === 'control') assert.is(step.control?.timers.get(timer.name), id);
    else assert.is(step.timer, id);
  }
}

function is_known_open(known: ReadonlyMap<string, Occurrence>, key: string): boolean {
  const step = known.get(key)?.step;
  return step !== undefined && is_open(step);
}

function check_end({ state, plan }: Run): void {
  assert.is(state.in_flight, 0, 'nothing is in flight after the end');
  assert.is(state.timers.size + state.waits.length + state.children.size, 0, 'nothing is waited for after the end');
  assert.is(state.scopes.size, 1, 'no iteration is open after the end');
  if (state.status !== 'completed') return;
  assert.is(state.scopes.get('')?.undecided, 0, 'every step of a completed run is decided');
  assert.is(state.error, null);
  assert.is(state.scopes.get('')?.steps.size, plan.regions.get(-1)?.length);
}

/** A run that goes on has something that makes it go on, and holds nothing back for which there is room. */
function check_waits_for_something(run: Run): void {
  const { state, plan } = run;
  const moving = outstanding_effects(run).filter(
    (effect) =>
      effect.kind === 'dispatch' ||
      effect.kind === 'start_child' ||
      (effect.kind === 'arm_timer' && effect.timer !== 'run:timeout') ||
      (effect.kind === 'show_task' && effect.task.status !== 'closed'),
  );
  const held = occurrences(run).filter(({ step }) => step.held && is_open(step)).length;
  if (state.status === 'paused') {
    assert.ok(moving.length + state.waits.length + held > 0, 'a paused run has something left to do');
    return;
  }
  assert.is(state.status, 'running');
  assert.ok(moving.length + state.waits.length > 0, 'a running run waits for something');
  assert.ok(held === 0 || state.in_flight === plan.max_parallel, 'nothing is held back while there is room');
}
