/**
 * Purpose: generates facts for a run: those it waits for, in any order, and invalid ones.
 * Owns: generating facts. Does not own: checking their consequences.
 */
import type { ErrorInfo, Fact, Json, JsonObject } from '@llmteam/contracts';
import { outstandingEffects, type Run } from '@llmteam/kernel';
import type { Choices } from './choices.js';

const noUsage = { input_tokens: 1, output_tokens: 0 };
const values: readonly [Json, ...Json[]] = [
  1,
  null,
  [1, 2],
  'text',
  { output: 'o', score: 0.5 },
  [],
  { output: 1, score: 1 },
];

/** The next fact, mostly one that the run waits for. `told` are the previous ones. */
export function nextFact(run: Run, choices: Choices, at: number, told: readonly Fact[]): Fact {
  if (choices.rarely(5)) return nonsense(choices, at, told);
  const open = outstandingEffects(run).flatMap((effect) => factMakers(effect, run.state.key.run_id));
  const wait = run.state.waits[0];
  if (wait !== undefined) open.push(() => ({ type: 'signal.received', at, name: wait.name, payload: 'signal' }));
  const [first, ...others] = open;
  if (first === undefined || choices.rarely(15)) return control(choices, at);
  return choices.of([first, ...others])(choices, at);
}

type FactMaker = (choices: Choices, at: number) => Fact;
type Outstanding = ReturnType<typeof outstandingEffects>[number];

function factMakers(effect: Outstanding, runId: string): FactMaker[] {
  switch (effect.kind) {
    case 'dispatch':
      return [(choices, at) => aboutJob(effect.job.step, effect.job.attempt, choices, at)];
    case 'arm_timer':
      // Rare, among the invalid facts: as likely as any other timer it would end most runs.
      if (effect.timer.startsWith('run:timeout')) return [];
      return [(choices, at) => fired(effect.timer, Math.max(at, effect.due_at), choices)];
    case 'show_task':
      return [(choices, at) => aboutTask(effect.task.task_id.slice(runId.length + 1), choices, at)];
    case 'start_child':
      return [(choices, at) => childEnded(effect.step, effect.run_id, choices, at)];
    case 'record_end':
      return [() => effect.fact];
    default:
      return [];
  }
}

/** Most jobs are started in time. */
function fired(timer: string, at: number, choices: Choices): Fact {
  if (timer.endsWith(':queue') && !choices.rarely(4)) return { type: 'run.controlled', at, action: 'resume' };
  return { type: 'timer.fired', at, timer };
}

function aboutJob(step: string, attempt: number, choices: Choices, at: number): Fact {
  const reported = {
    type: 'step.reported',
    at,
    step,
    attempt,
    started_at: at - 1,
    worker: 'w',
    usage: noUsage,
  } as const;
  switch (choices.below(9)) {
    case 0:
      return { type: 'step.started', at, step, attempt, worker: 'w' };
    case 1:
      return { type: 'step.memoized', at, step, attempt, name: choices.of(['m', '__proto__']), value: 1 };
    case 2:
      return { ...reported, error: someError(choices) };
    default:
      return { ...reported, ports: somePorts(choices) };
  }
}

function somePorts(choices: Choices): JsonObject {
  const value = choices.of(values);
  return choices.mostly<JsonObject>(3, [
    { output: value },
    { output: value, other: 1 },
    { other: value },
    {},
    { error: 'e' },
  ]);
}

function someError(choices: Choices): ErrorInfo {
  const error = { error_type: 'Error', error_message: 'told', recoverable: choices.rarely(2) };
  const details = choices.of<JsonObject>([{}, { retry_after_seconds: 3 }]);
  return { ...error, error_code: choices.of(['PASSING', 'FATAL']), details };
}

function aboutTask(step: string, choices: Choices, at: number): Fact {
  if (choices.rarely(4)) return { type: 'task.claimed', at, step, by: 'ann' };
  if (choices.rarely(6)) return { type: 'task.unclaimed', at, step, by: 'ann' };
  const decision = choices.mostly(2, ['approve', 'reject', 'answer', 'modify']);
  return { type: 'task.answered', at, step, answer: { decision, answered_by: 'ann' } };
}

function childEnded(step: string, childRunId: string, choices: Choices, at: number): Fact {
  const status = choices.mostly(2, ['completed', 'failed', 'cancelled', 'timeout']);
  const ended = { type: 'child.ended', at, step, child_run_id: childRunId, usage: noUsage } as const;
  if (status === 'completed') return { ...ended, status, output: choices.of(values), error: null };
  return { ...ended, status, output: null, error: someError(choices) };
}

function control(choices: Choices, at: number): Fact {
  return {
    type: 'run.controlled',
    at,
    action: choices.of(['pause', 'resume', choices.mostly(4, ['resume', 'cancel'])]),
  };
}

const someSteps = ['s0', 's1', 's3', 's2[0]/s3', 's1[0]/s2[1]/s3', 'nobody', '', '/', 's0[', 'constructor'] as const;

/** Late, repeated, unknown or forged facts, which may arrive at any time and from anyone. */
function nonsense(choices: Choices, at: number, told: readonly Fact[]): Fact {
  const step = choices.of(someSteps);
  const attempt = 1 + choices.below(3);
  switch (choices.below(9)) {
    case 0:
      return told.at(-1 - choices.below(5)) ?? control(choices, at);
    case 1:
      return { ...aboutJob(step, attempt, choices, at), at: choices.of([0, at, Number.MAX_SAFE_INTEGER]) };
    case 2:
      return {
        type: 'timer.fired',
        at,
        timer: choices.of([`${step}#${attempt}:retry`, `${step}:due:1`, choices.mostly(4, ['', 'run:timeout'])]),
      };
    case 3:
      return { type: 'signal.received', at, name: choices.of(['go', 'other']), payload: null };
    case 4:
      return aboutTask(step, choices, at);
    case 5:
      return childEnded(step, choices.of(['random.1', 'random.2', 'stranger']), choices, at);
    case 6:
      return control(choices, at);
    case 7:
      return endedByNobody(at);
    default:
      return aboutJob(step, attempt, choices, at);
  }
}

/** The journal contains an end only once the engine has decided it; a forged one has no effect. */
function endedByNobody(at: number): Fact {
  const counts = { steps_completed: 0, steps_total: 0, seq: 1, usage: noUsage };
  return { type: 'run.ended', at, status: 'completed', output: null, error: null, ...counts };
}
