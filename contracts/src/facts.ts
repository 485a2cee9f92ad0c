import { type Static, Type } from 'typebox';
import { ErrorInfo } from './errors.js';
import { RunEvent } from './events.js';
import { KeyPrefix, TaskAnswer } from './human-task.js';
import { Identifier, Name, StepKey } from './ids.js';
import { JsonRecord, JsonValue } from './json.js';
import { RunOutcome, RunView, StepRecord } from './run.js';
import { RunMetadata } from './run-metadata.js';
import { RunTrace } from './run-trace.js';
import { Usage } from './usage.js';

const strict = { additionalProperties: false } as const;
const Attempt = Type.Integer({ minimum: 1 });
const EpochMs = Type.Integer({ minimum: 0, description: "Epoch milliseconds, by the appender's clock." });
const PortValues = Type.Unsafe<Readonly<Record<string, import('./json.js').Json>>>({ type: 'object' });

/** Content hashes of values over `caps.inline_value_bytes` moved out of a fact, by JSON Pointer. Readers never see it. */
const LargeValues = Type.Unsafe<Readonly<Record<string, string>>>({
  type: 'object',
  additionalProperties: { type: 'string' },
});

const fact = <const T extends string, P extends Record<string, import('typebox').TSchema>>(
  type: T,
  description: string,
  properties: P,
) =>
  Type.Object(
    { type: Type.Literal(type), at: EpochMs, large: Type.Optional(LargeValues), ...properties },
    { ...strict, description, $id: factId(type) },
  );

/** `step.reported` → `StepReported` */
function factId(type: string): string {
  return type.replace(/(^|\.)([a-z])/g, (_, __, letter: string) => letter.toUpperCase());
}

export const RunRequested = fact('run.requested', 'A run was requested. The first entry of every history.', {
  segment_id: Identifier,
  definition: Type.String({
    description: 'Content hash of the {@link Definition} the run executes, stored in `Blobs`.',
  }),
  input: JsonValue,
  instance_id: Name,
  correlation_id: Type.Union([Name, Type.Null()]),
  metadata: Type.Optional(RunMetadata),
  trace_id: Type.String({ pattern: '^[0-9a-f]{32}$' }),
  trace: Type.Optional(Type.Unsafe<Static<typeof RunTrace>>(RunTrace)),
  timeout_seconds: Type.Union([Type.Number({ exclusiveMinimum: 0 }), Type.Null()]),
  engine: Type.String({ description: 'Semantic version of the engine at the time.' }),
  request_digest: Type.Optional(
    Type.String({
      pattern: '^[0-9a-f]{64}$',
      description: 'SHA-256 of the request made with an idempotency key, to recognise a repeat of it.',
    }),
  ),
  parent: Type.Optional(
    Type.Object(
      { run_id: Name, step: StepKey, depth: Type.Integer({ minimum: 1 }) },
      { ...strict, description: 'The run and step that started this one.' },
    ),
  ),
  forked_from: Type.Optional(
    Type.Object(
      {
        run_id: Name,
        from_step: StepKey,
        entries: Type.Integer({ minimum: 1, description: 'Number of entries copied, including this one.' }),
        input_overrides: Type.Optional(JsonRecord),
      },
      {
        ...strict,
        description: 'The run whose history was copied, and the port values that replace those of `from_step`.',
      },
    ),
  ),
});
export const RunControlled = fact('run.controlled', 'A client asked to cancel, pause or resume the run.', {
  action: Type.Enum(['cancel', 'pause', 'resume']),
  reason: Type.Optional(Type.String({ maxLength: 1_024 })),
  by: Type.Optional(Type.String({ maxLength: 256 })),
});
export const StepStarted = fact(
  'step.started',
  'A worker began an attempt. Journaled at once for jobs with `journal_start`, for others when they have run for a second; otherwise the report implies it.',
  { step: StepKey, attempt: Attempt, worker: Type.String() },
);
/** An activity recorded by a handler; becomes an event of the run. */
export const Activity = Type.Object(
  {
    event_type: Type.Enum(['action.started', 'action.completed', 'action.failed', 'data.produced', 'data.consumed']),
    at: EpochMs,
    payload: JsonRecord,
    duration_ms: Type.Optional(Type.Number({ minimum: 0 })),
  },
  { ...strict, $id: 'Activity' },
);
export type Activity = Static<typeof Activity>;
export const StepReported = fact('step.reported', 'An attempt ended: `ports` if it succeeded, `error` if not.', {
  step: StepKey,
  attempt: Attempt,
  started_at: EpochMs,
  worker: Type.String(),
  ports: Type.Optional(PortValues),
  error: Type.Optional(ErrorInfo),
  usage: Type.Optional(Usage),
  activities: Type.Optional(Type.Array(Activity)),
});
export const StepMemoized = fact('step.memoized', 'A handler memoized an intermediate result for later attempts.', {
  step: StepKey,
  attempt: Attempt,
  name: Type.String({ maxLength: 256 }),
  value: JsonValue,
});
export const TimerFired = fact('timer.fired', 'A timer armed by the engine came due.', {
  timer: Type.String({ description: 'The id assigned by the engine.' }),
});
export const SignalReceived = fact('signal.received', 'A signal was sent to the run.', {
  name: Type.String({ maxLength: 128 }),
  correlation: Type.Optional(Type.String({ maxLength: 256 })),
  payload: JsonValue,
});
export const TaskClaimed = fact('task.claimed', 'Somebody claimed a human task.', {
  step: StepKey,
  by: Type.String({ maxLength: 256 }),
  key: Type.Optional(KeyPrefix),
});
export const TaskUnclaimed = fact('task.unclaimed', 'The claim of a human task was given up or taken back.', {
  step: StepKey,
  by: Type.String({ maxLength: 256 }),
  key: Type.Optional(KeyPrefix),
});
export const TaskAnswered = fact('task.answered', 'A person answered a human task.', {
  step: StepKey,
  answer: TaskAnswer,
});
export const ChildEnded = fact('child.ended', 'A child run started by a step has ended.', {
  step: StepKey,
  child_run_id: Name,
  status: RunOutcome,
  output: JsonValue,
  error: Type.Union([ErrorInfo, Type.Null()]),
  usage: Usage,
});
export const RunEnded = fact(
  'run.ended',
  'The outcome, recorded so that reading a finished run takes a single entry. Does not change the state.',
  {
    status: RunOutcome,
    output: JsonValue,
    error: Type.Union([ErrorInfo, Type.Null()]),
    steps_completed: Type.Integer({ minimum: 0 }),
    steps_total: Type.Integer({ minimum: 0 }),
    usage: Usage,
    seq: Type.Integer({ minimum: 1, description: "`seq` of the run's last event." }),
  },
);
export const RunRedacted = fact(
  'run.redacted',
  'The data of the ended run was removed. From then on the first entry of its history: all earlier ones are removed.',
  {
    request: Type.Unsafe<Static<typeof RunRequested>>(RunRequested),
    view: Type.Unsafe<Static<typeof RunView>>(RunView),
    steps: Type.Unsafe<readonly StepRecord[]>(Type.Array(StepRecord)),
    events: Type.Unsafe<readonly RunEvent[]>(Type.Array(RunEvent, { description: 'Without payloads.' })),
    children: Type.Array(Name, { description: 'The child runs that it started.' }),
    by: Type.Optional(Type.String({ maxLength: 256 })),
  },
);

/** Any fact in a run's history. */
export const Fact = Type.Union(
  [
    RunRequested,
    RunControlled,
    StepStarted,
    StepReported,
    StepMemoized,
    TimerFired,
    SignalReceived,
    TaskClaimed,
    TaskUnclaimed,
    TaskAnswered,
    ChildEnded,
    RunEnded,
    RunRedacted,
  ],
  { $id: 'Fact' },
);

export type RunRequested = Static<typeof RunRequested>;
export type RunControlled = Static<typeof RunControlled>;
export type StepStarted = Static<typeof StepStarted>;
export type StepReported = Static<typeof StepReported>;
export type StepMemoized = Static<typeof StepMemoized>;
export type TimerFired = Static<typeof TimerFired>;
export type SignalReceived = Static<typeof SignalReceived>;
export type TaskClaimed = Static<typeof TaskClaimed>;
export type TaskUnclaimed = Static<typeof TaskUnclaimed>;
export type TaskAnswered = Static<typeof TaskAnswered>;
export type ChildEnded = Static<typeof ChildEnded>;
export type RunEnded = Static<typeof RunEnded>;
export type RunRedacted = Static<typeof RunRedacted>;
export type Fact =
  | RunRequested
  | RunControlled
  | StepStarted
  | StepReported
  | StepMemoized
  | TimerFired
  | SignalReceived
  | TaskClaimed
  | TaskUnclaimed
  | TaskAnswered
  | ChildEnded
  | RunEnded
  | RunRedacted;

/** The facts run lists are built from. */
export const runLevelFacts: ReadonlySet<Fact['type']> = new Set([
  'run.requested',
  'run.controlled',
  'run.ended',
  'run.redacted',
]);
