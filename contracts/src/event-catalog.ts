import { type Static, type TProperties, Type } from 'typebox';
import { answerDecisions, taskTypes } from './human-task.js';
import { JsonRecord } from './json.js';
import { WaitingFor } from './waiting-for.js';

const described = (description: string) => Type.String({ description });
const orNull = (description: string) => Type.Union([Type.String(), Type.Null()], { description });
const count = (description: string) => Type.Integer({ minimum: 0, description });
const score = (description: string) => Type.Number({ description });

/** Describes an event type: `when` it occurs and its `payload`, besides the envelope. */
const event = <P extends TProperties>(when: string, payload: P) => ({
  when,
  payload: Type.Object(payload, { additionalProperties: false }),
});
const empty = (when: string) => ({
  when,
  payload: Type.Unsafe<Record<string, never>>({ type: 'object', properties: {}, additionalProperties: false }),
});
const recorded = (when: string) => ({ when, payload: JsonRecord });

const counts = {
  steps_completed: count('step occurrences that completed'),
  steps_total: count('step occurrences that were decided'),
};
const reason = { reason: orNull('why, or null'), by: Type.Optional(described('who, if that is known')) };
const taskRef = { task_id: described('`<run_id>:<step key>`') };
const criticLoopReasons = [
  'approved',
  'quality_threshold',
  'max_iterations',
  'no_improvement',
  'rejected',
  'timeout',
  'iteration_failed',
] as const;
const iteration = { iteration: Type.Integer({ minimum: 1, description: 'from 1' }) };

/** Every event type, when it occurs and its payload. */
export const eventCatalog = {
  'segment.started': event('The run was requested. The first event of every run.', {
    segment_name: described('`name` of the segment'),
    parent_run_id: orNull('the run that started this one, or null'),
  }),
  'segment.completed': event("The run completed. `duration_ms` is the run's.", counts),
  'segment.failed': event('The run failed; `error` says why.', counts),
  'segment.cancelled': event('The run was cancelled, or its parent run ended.', counts),
  'segment.paused': event('The run was paused: no more jobs are dispatched.', reason),
  'segment.resumed': event('The run was resumed.', reason),
  'segment.timeout': event('The run exceeded its `timeout_seconds`.', counts),
  'step.queued': event('An attempt of a task step is ready for a worker.', { queue: described('`type@major`') }),
  'step.started': event('A worker began an attempt, or a control step began.', {
    worker: Type.Optional(described('the worker that runs it; task steps only')),
  }),
  'step.completed': event("The step completed. `duration_ms` is its last attempt's.", {
    ports: Type.Array(Type.String(), { description: 'names of the output ports that fired' }),
  }),
  'step.failed': empty('The last attempt failed; `error` says why. An edge from port `error` may catch it.'),
  'step.skipped': empty('All edges into the step are dead.'),
  'step.retrying': event('An attempt failed with `error`, and another one follows.', {
    delay_ms: Type.Number({ description: 'milliseconds until the next attempt' }),
    next_attempt: count('number of the next attempt'),
    max_attempts: count('maximum number of attempts'),
  }),
  'step.waiting': event('A control step waits for something outside the run.', { waiting_for: WaitingFor }),
  'step.cancelled': empty(
    'The step was ready or running and is no longer needed: the run ended, a join took another branch, or its iteration ended.',
  ),
  'human.task_created': event('A human task was opened.', {
    ...taskRef,
    task_type: Type.Enum([...taskTypes], { description: `${taskTypes.map((type) => `\`${type}\``).join(', ')}` }),
    title: described('title of the task'),
    assignee: orNull('the assignee; null if anybody may answer'),
  }),
  'human.task_assigned': event('The task was opened with an assignee, or somebody claimed it.', {
    ...taskRef,
    assignee: described('the assignee'),
  }),
  'human.task_unassigned': event('The claim was given up or taken back; the task is open again.', {
    ...taskRef,
    assignee: described('who had claimed it'),
    unassigned_by: described('who gave it up or took it back'),
  }),
  'human.task_completed': event('An answer was accepted.', {
    ...taskRef,
    decision: Type.Enum([...answerDecisions], {
      description: `${answerDecisions.map((decision) => `\`${decision}\``).join(', ')}`,
    }),
    answered_by: described('who answered'),
  }),
  'human.task_escalated': event('Nobody answered in time; the task went to the next person in the escalation chain.', {
    ...taskRef,
    assignee: described('the new assignee'),
    escalation_level: count('from 1'),
  }),
  'action.started': recorded('A handler began an action, such as a request of `http_action`.'),
  'action.completed': recorded('The action succeeded.'),
  'action.failed': recorded('The action failed: a request, or a call to a model.'),
  'data.produced': recorded('A handler wrote data. Not emitted by built-in types.'),
  'data.consumed': recorded('A handler read data. Not emitted by built-in types.'),
  'critic_loop.started': event('A `critic_loop` began.', {
    max_iterations: count('from the config'),
    quality_threshold: score('from the config'),
    no_improvement_limit: count('from the config'),
    min_improvement: score('from the config'),
    timeout_seconds: score('from the config'),
  }),
  'critic_loop.iteration_started': event('An iteration began.', iteration),
  'critic_loop.iteration_completed': event('An iteration returned a verdict.', {
    ...iteration,
    score: score('0 … 1'),
    verdict: Type.Enum(['approved', 'revise', 'rejected'], { description: '`approved`, `revise`, `rejected`' }),
  }),
  'critic_loop.improvement': event('The score beat the best one so far by at least `min_improvement`.', {
    from: score('the best score before'),
    to: score('the new one'),
  }),
  'critic_loop.no_improvement': event('The score did not beat the best one so far by `min_improvement`.', {
    best: score('the best score'),
    count: count('consecutive iterations without an improvement'),
  }),
  'critic_loop.completed': event('The loop ended.', {
    reason: Type.Enum([...criticLoopReasons], {
      description: `${criticLoopReasons.map((reason) => `\`${reason}\``).join(', ')}`,
    }),
    score: score('score of the returned output'),
    iterations: count('number of iterations'),
  }),
} as const;

/** The payload of each event type. */
export type EventPayloads = {
  [T in keyof typeof eventCatalog]: Static<(typeof eventCatalog)[T]['payload']>;
};
