import {
  type Entry,
  type Fact,
  type JsonObject,
  LlmteamError,
  type NewEntry,
  type RunKey,
  type RunRequested,
  splitStepKey,
} from '@llmteam/contracts';
import type { Plan } from '../engine/plan.js';

interface ForkOrder {
  readonly from_step: string;
  readonly input_overrides?: JsonObject;
  readonly request_digest?: string;
}

/**
 * The initial history of a forked run: the source run's history up to the first entry about `from_step`. Whatever other branches
 * reported after that point is left out, so they run again too.
 * @throws LlmteamError `STEP_UNKNOWN` if the segment has no such step or the run never got there
 */
export function forkHistory(
  source: RunKey,
  fork: RunKey,
  entries: readonly Entry[],
  plan: Plan,
  { from_step, input_overrides, request_digest }: ForkOrder,
  now: number,
): NewEntry[] {
  if (!plan.byId.has(splitStepKey(from_step).step_id)) {
    throw new LlmteamError('STEP_UNKNOWN', `the segment has no step '${from_step}'`);
  }
  const cut = entries.findIndex(({ fact }) => concerns(fact, from_step));
  if (cut < 0) {
    throw new LlmteamError(
      'STEP_UNKNOWN',
      `run '${source.run_id}' has no result of step '${from_step}' to begin anew from`,
    );
  }
  const [first, ...rest] = entries.slice(0, cut).map(({ fact }) => fact);
  const copied = rest.filter((fact) => fact.type !== 'run.controlled').map((fact) => asOfFork(fact, source, fork));
  const overrides = input_overrides === undefined ? {} : { input_overrides };
  const forkedFrom = { run_id: source.run_id, from_step, entries: copied.length + 1, ...overrides };
  return [
    { message_id: 'requested', fact: forkedRequest(first, forkedFrom, request_digest, now) },
    ...copied.map((fact, place) => ({ message_id: `fork:${place + 1}`, fact })),
  ];
}

/** Child runs are named after their parent: `run.2` of the source is `fork.2` here. */
function asOfFork(fact: Fact, source: RunKey, fork: RunKey): Fact {
  if (fact.type !== 'child.ended') return fact;
  return { ...fact, child_run_id: fork.run_id + fact.child_run_id.slice(source.run_id.length) };
}

function concerns(fact: Fact, step: string): boolean {
  if (fact.type === 'timer.fired') return fact.timer.startsWith(`${step}#`) || fact.timer.startsWith(`${step}:`);
  return 'step' in fact && (fact.step === step || fact.step.startsWith(`${step}[`));
}

/** Timeouts count from the fork, because those of the source run may have expired long ago. */
function forkedRequest(
  fact: Fact | undefined,
  forkedFrom: NonNullable<RunRequested['forked_from']>,
  digest: string | undefined,
  now: number,
): RunRequested {
  if (fact?.type !== 'run.requested') {
    throw new LlmteamError(
      'STORE_CORRUPT',
      `the history of run '${forkedFrom.run_id}' does not begin with its request`,
    );
  }
  const { parent: _, request_digest: __, ...request } = fact;
  return { ...request, at: now, forked_from: forkedFrom, ...(digest !== undefined && { request_digest: digest }) };
}
