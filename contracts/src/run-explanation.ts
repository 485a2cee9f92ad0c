import { type Static, type TSchema, Type } from 'typebox';
import { ErrorInfo } from './errors.js';
import { RunStatus } from './run.js';

const strict = { additionalProperties: false } as const;
const time = (description: string) => Type.String({ format: 'date-time', description });
const orNull = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

const common = {
  step: orNull(Type.String({ description: 'Step key, e.g. `each[3]/fetch`; null if it concerns the whole run.' })),
  since: orNull(time('Since when; null if that is not known.')),
  text: Type.String({ description: 'The reason in words.' }),
  remedy: Type.String({ description: 'What would move it, in words.' }),
};

const because = <const K extends string, P extends Record<string, TSchema>>(
  reason: K,
  description: string,
  properties: P,
) => Type.Object({ reason: Type.Literal(reason), ...common, ...properties }, { ...strict, description });

const queue = Type.String({ description: '`type@major`' });
const count = (description: string) => Type.Integer({ minimum: 0, description });

/** The reasons, the decisive ones first: without the former the latter cannot go on. */
export const reasonNames = [
  'not_driven',
  'paused',
  'no_worker',
  'worker_lost',
  'task',
  'signal',
  'child_run',
  'retry',
  'timer',
  'worker',
  'slot',
  'running',
] as const;
export const ReasonName = Type.Enum([...reasonNames], { $id: 'ReasonName' });
export type ReasonName = (typeof reasonNames)[number];

/** Why a step, or a whole run, is where it is, discriminated by `reason`. */
export const RunReason = Type.Union(
  [
    because(
      'not_driven',
      'No process works on the run: no coordinator has its partition, or the process that ran it is gone.',
      {},
    ),
    because('paused', 'Somebody paused the run.', {
      by: orNull(Type.String({ description: 'Who.' })),
      because: orNull(Type.String({ description: 'The reason that was given.' })),
    }),
    because('no_worker', 'No live worker runs the step type.', { queue }),
    because('worker', 'The job waits for a free worker.', {
      queue,
      workers: count('Live workers that run the step type.'),
      slots: count('Attempts that they run at a time.'),
    }),
    because('slot', '`params.max_parallel` jobs of the run are in flight.', {}),
    because('running', 'A worker runs an attempt.', {
      worker: Type.String(),
      attempt: Type.Integer({ minimum: 1 }),
    }),
    because('worker_lost', 'The worker that ran the attempt is gone; its job is delivered again when the lease ends.', {
      worker: Type.String(),
      attempt: Type.Integer({ minimum: 1 }),
    }),
    because('retry', 'An attempt failed, and the next one begins later.', {
      due_at: time('When.'),
      next_attempt: Type.Integer({ minimum: 2 }),
      last_error: orNull(ErrorInfo),
    }),
    because('timer', 'A delay, or the time limit of a control step.', { name: Type.String(), due_at: time('When.') }),
    because('signal', 'A signal has not been sent yet.', {
      name: Type.String(),
      correlation: orNull(Type.String({ description: 'Null for any signal of that name.' })),
    }),
    because('task', 'A person has not answered yet.', {
      task_id: Type.String(),
      assignee: orNull(Type.String({ description: 'Null if anybody may answer.' })),
    }),
    because('child_run', 'A run that the step started has not ended.', { run_id: Type.String() }),
  ],
  { $id: 'RunReason' },
);
export type RunReason = Static<typeof RunReason>;

/** Fails to compile if a reason has no place in the order. */
reasonNames satisfies readonly RunReason['reason'][];

/** Why a run is where it is. */
export const RunExplanation = Type.Object(
  {
    run_id: Type.String(),
    status: RunStatus,
    summary: Type.String({ description: 'In one sentence.' }),
    reasons: Type.Array(RunReason, {
      description: 'What keeps it, the decisive ones first; empty if it has ended. At most 100.',
    }),
    more_reasons: count('Reasons that are not listed.'),
  },
  { ...strict, $id: 'RunExplanation' },
);
export type RunExplanation = Static<typeof RunExplanation>;
