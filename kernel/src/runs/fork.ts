import {
  type Entry,
  type Fact,
  type JsonObject,
  LlmteamError,
  type NewEntry,
  type RunEvent,
  type RunKey,
  type RunRequested,
  stepKey,
} from '@llmteam/contracts';
import { stepOfKey } from '../engine/find-step.js';
import { RunFold } from '../engine/fold.js';
import type { Plan } from '../engine/plan.js';
import type { StepPlan } from '../engine/step-plan.js';
import { originalTimer } from '../engine/timers.js';
import { runSpanId } from '../tracing/trace-ids.js';
import type { TraceOfRun } from '../tracing/trace-of-run.js';
import { ClosestName } from '../validation/closest-name.js';
import { hint } from '../validation/wording.js';

interface ForkOrder {
  readonly from_step: string;
  readonly input_overrides?: JsonObject;
  readonly request_digest?: string;
  readonly trace: TraceOfRun;
}

interface ForkedAs {
  readonly source: RunKey;
  readonly request_digest: string | undefined;
  readonly trace: TraceOfRun;
  readonly now: number;
}

/**
 * The initial history of a forked run: the source run's history up to the {@link forkPoint}. Whatever other branches reported after it is
 * left out, so they run again too.
 * @throws LlmteamError `STEP_UNKNOWN` if the segment has no such step or the run never got there; `PORT_UNKNOWN` if `input_overrides` names
 * a port that the step does not have
 */
export function forkHistory(
  source: RunKey,
  fork: RunKey,
  entries: readonly Entry[],
  plan: Plan,
  { from_step, input_overrides, request_digest, trace }: ForkOrder,
  now: number,
): NewEntry[] {
  const step = stepOfKey(plan, from_step);
  if (step === undefined) throw new LlmteamError('STEP_UNKNOWN', `the segment has no step '${from_step}'`);
  checkOverrides(plan, step, input_overrides);
  const facts = entries.map(({ fact }) => fact);
  const point = forkPoint(source, plan, facts, from_step);
  if (point === null) {
    throw new LlmteamError('STEP_UNKNOWN', `run '${source.run_id}' never got to step '${from_step}'`);
  }
  const copied = copiedFacts(facts.slice(1, point), source, fork);
  const overrides = input_overrides === undefined ? {} : { input_overrides };
  const forkedFrom = { run_id: source.run_id, from_step, entries: copied.length + 1, ...overrides };
  return [
    { message_id: 'requested', fact: forkedRequest(facts[0], forkedFrom, { source, request_digest, trace, now }) },
    ...copied.map((fact, index) => ({ message_id: `fork:${index + 1}`, fact })),
  ];
}

/**
 * How many facts of a history a fork from `step` begins with: those before the first that is about the step. If none is, as with steps that
 * need no job, those up to the one that started it, or for a join up to the last that it reacted to. Null if the run never got there.
 */
export function forkPoint(source: RunKey, plan: Plan, facts: readonly Fact[], step: string): number | null {
  const first = facts.findIndex((fact) => concerns(fact, step));
  if (first >= 0) return first;
  const fold = new RunFold(source, { events: true });
  const isRunning = (event: RunEvent): boolean => isAbout(event, step) && event.event_type !== 'step.skipped';
  const moves = facts.map((fact) => fold.apply(fact, plan)?.events.some(isRunning) === true);
  const isJoin = stepOfKey(plan, step)?.isEager === true;
  const point = isJoin ? moves.lastIndexOf(true) : moves.indexOf(true);
  return point < 0 ? null : point + 1;
}

function isAbout({ scope, step_id }: RunEvent, step: string): boolean {
  return step_id !== null && stepKey(scope, step_id) === step;
}

/** Facts of another run as facts of the fork, which is not paused. */
export function copiedFacts(facts: readonly Fact[], source: RunKey, fork: RunKey): Fact[] {
  return facts.filter((fact) => fact.type !== 'run.controlled').map((fact) => asOfFork(fact, source, fork));
}

/** Child runs get ids that derive from the fork's: `<source>.2` becomes `<fork>.2`. Timers lose the suffix that a resume gave them. */
function asOfFork(fact: Fact, source: RunKey, fork: RunKey): Fact {
  if (fact.type === 'timer.fired') return { ...fact, timer: originalTimer(fact.timer) };
  if (fact.type !== 'child.ended') return fact;
  return { ...fact, child_run_id: fork.run_id + fact.child_run_id.slice(source.run_id.length) };
}

/** @throws LlmteamError `PORT_UNKNOWN` */
function checkOverrides({ segment }: Plan, { index, step_id, type }: StepPlan, overrides: JsonObject = {}): void {
  const step = segment.steps[index];
  const byConfig = type.control?.ports?.(step?.config ?? {}).input ?? [];
  const known = [...type.metadata.input_ports.map(({ name }) => name), ...byConfig, ...(step?.ports?.input ?? [])];
  if (known.includes('*')) return;
  const unknown = Object.keys(overrides).find((port) => !known.includes(port));
  if (unknown === undefined) return;
  const instead = hint(new ClosestName().find(unknown, known), known, 'it has');
  throw new LlmteamError('PORT_UNKNOWN', `input_overrides: step '${step_id}' has no input port '${unknown}'${instead}`);
}

function concerns(fact: Fact, step: string): boolean {
  if (fact.type === 'timer.fired') return fact.timer.startsWith(`${step}#`) || fact.timer.startsWith(`${step}:`);
  return 'step' in fact && (fact.step === step || fact.step.startsWith(`${step}[`) || fact.step.startsWith(`${step}#`));
}

/** Timeouts count from the fork, because those of the source run may have expired long ago. */
function forkedRequest(
  fact: Fact | undefined,
  forkedFrom: NonNullable<RunRequested['forked_from']>,
  { source, request_digest: digest, trace, now }: ForkedAs,
): RunRequested {
  if (fact?.type !== 'run.requested') {
    throw new LlmteamError(
      'STORE_CORRUPT',
      `the history of run '${forkedFrom.run_id}' does not begin with its request`,
    );
  }
  const { parent: _, request_digest: __, trace: ___, ...request } = fact;
  return {
    ...request,
    at: now,
    ...tracedFrom(source, fact, trace),
    forked_from: forkedFrom,
    ...(digest !== undefined && { request_digest: digest }),
  };
}

/** The fork has a trace of its own, linked to the run it was forked from. */
function tracedFrom(source: RunKey, { trace_id }: RunRequested, traced: TraceOfRun): TraceOfRun {
  if (traced.trace === undefined) return traced;
  return { ...traced, trace: { ...traced.trace, link: { trace_id, span_id: runSpanId(source, 0) } } };
}
