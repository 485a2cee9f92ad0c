import { type Static, type TSchema, Type } from 'typebox';

const waiting = <const K extends string, P extends Record<string, TSchema>>(
  kind: K,
  description: string,
  properties: P,
) => Type.Object({ kind: Type.Literal(kind), ...properties }, { additionalProperties: false, description });

const DueAt = Type.String({ format: 'date-time', description: 'RFC 3339, UTC.' });

/** What an unfinished step waits for, discriminated by `kind`. */
export const WaitingFor = Type.Union(
  [
    waiting('worker', 'A free worker that runs this step type.', {
      queue: Type.String({ description: '`type@major`' }),
    }),
    waiting('slot', 'A free slot: `params.max_parallel` jobs of the run are in flight.', {}),
    waiting('retry', 'The backoff before the next attempt.', { due_at: DueAt }),
    waiting('resume', 'The paused run being resumed.', {}),
    waiting('timer', 'A timer of the step type.', { name: Type.String(), due_at: DueAt }),
    waiting('signal', 'A signal sent to the run.', {
      name: Type.String(),
      correlation: Type.Union([Type.String(), Type.Null()], { description: 'Null for any signal of that name.' }),
    }),
    waiting('task', 'The answer to a human task.', { task_id: Type.String() }),
    waiting('child_run', 'A run this step started.', { run_id: Type.String() }),
  ],
  { $id: 'WaitingFor' },
);
export type WaitingFor = Static<typeof WaitingFor>;
