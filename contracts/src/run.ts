import { type Static, Type } from 'typebox';
import { ErrorInfo } from './errors.js';
import { type JsonObject, JsonRecord, JsonValue } from './json.js';
import { RunMetadata } from './run-metadata.js';
import { Usage } from './usage.js';
import { WaitingFor } from './waiting-for.js';

export const runStatuses = ['pending', 'running', 'paused', 'completed', 'failed', 'cancelled', 'timeout'] as const;
export const RunStatus = Type.Enum([...runStatuses], { $id: 'RunStatus' });
export type RunStatus = (typeof runStatuses)[number];

export const RunOutcome = Type.Enum(['completed', 'failed', 'cancelled', 'timeout'], { $id: 'RunOutcome' });
export type RunOutcome = 'completed' | 'failed' | 'cancelled' | 'timeout';

export const stepStatuses = [
  'pending',
  'queued',
  'running',
  'waiting',
  'retrying',
  'completed',
  'failed',
  'skipped',
  'cancelled',
] as const;
export const StepStatus = Type.Enum([...stepStatuses], { $id: 'StepStatus' });
export type StepStatus = (typeof stepStatuses)[number];

export const StepSummary = Type.Object(
  {
    step_id: Type.String(),
    scope: Type.String({ description: 'Loop path, e.g. `each[3]`; empty outside loops.' }),
    type: Type.String(),
    status: StepStatus,
    attempt: Type.Integer({ minimum: 0, description: 'Attempts so far; 0 for steps that need no job.' }),
    error: Type.Union([ErrorInfo, Type.Null()]),
    waiting_for: Type.Optional(WaitingFor),
  },
  { additionalProperties: false, $id: 'StepSummary' },
);
export type StepSummary = Static<typeof StepSummary>;

const timeOrNull = (description: string) =>
  Type.Union([Type.String({ format: 'date-time' }), Type.Null()], { description });

const recordFields = {
  step: Type.String({ description: 'Step key: scope and step id, e.g. `each[3]/fetch`.' }),
  step_id: Type.String(),
  scope: StepSummary.properties.scope,
  type: Type.String(),
  status: StepStatus,
  attempt: StepSummary.properties.attempt,
  ready_at: timeOrNull('When its inputs were complete; null if it never ran.'),
  ended_at: timeOrNull('When it got its final status; null before that.'),
  error: Type.Union([ErrorInfo, Type.Null()]),
};

/** A step occurrence of a run, those of iterations that are over included. */
export const StepRecord = Type.Object(recordFields, { additionalProperties: false, $id: 'StepRecord' });
export type StepRecord = Static<typeof StepRecord>;

/** A step occurrence with the values that it got and gave. */
export const StepDetail = Type.Object(
  {
    ...recordFields,
    inputs: Type.Unsafe<JsonObject>({ ...JsonRecord, description: 'By input port; empty if nothing arrived.' }),
    config: Type.Union([JsonRecord, Type.Null()], {
      description:
        'With `${…}` filled in; null before the step is ready, or if it cannot be filled in. CEL strings are as written; text ' +
        'templates have the values of their `${…}` as string constants.',
    }),
    outputs: Type.Union([JsonRecord, Type.Null()], {
      description: 'By output port, as fired; null if it fired none. An `error` edge gets port `error`.',
    }),
  },
  { additionalProperties: false, $id: 'StepDetail' },
);
export type StepDetail = Static<typeof StepDetail>;

/** Marks what was left when the data of a run was removed. */
export const Redacted = Type.Literal(true, { description: 'Present if the data of the run was removed.' });

/** A run as returned by `runs show` and REST. */
export const RunView = Type.Object(
  {
    run_id: Type.String(),
    segment_id: Type.String(),
    tenant_id: Type.String(),
    status: RunStatus,
    input: JsonValue,
    output: JsonValue,
    error: Type.Union([ErrorInfo, Type.Null()]),
    steps: Type.Array(StepSummary),
    steps_completed: Type.Integer({ minimum: 0 }),
    steps_total: Type.Integer({ minimum: 0 }),
    usage: Usage,
    started_at: Type.String({ format: 'date-time' }),
    completed_at: Type.Union([Type.String({ format: 'date-time' }), Type.Null()]),
    duration_ms: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()]),
    correlation_id: Type.Union([Type.String(), Type.Null()]),
    metadata: RunMetadata,
    parent_run_id: Type.Union([Type.String(), Type.Null()]),
    trace_id: Type.Optional(
      Type.String({ description: 'That of its events and spans. Absent from runs redacted before it was kept.' }),
    ),
    traced: Type.Optional(Type.Literal(true, { description: 'Present if its spans are exported.' })),
    trace_url: Type.Optional(
      Type.String({ description: 'Where people look at its trace, if the configuration says that.' }),
    ),
    step_types: Type.Optional(
      Type.Record(Type.String(), Type.String(), {
        description:
          'The version that it runs on, by the `type` of each step as written. Absent from runs redacted before it was kept.',
      }),
    ),
    redacted: Type.Optional(Redacted),
  },
  { additionalProperties: false, $id: 'RunView' },
);
export type RunView = Static<typeof RunView>;

/** The JSON object printed by `llmteam run` and `llmteam runs resume`. */
export const RunResult = Type.Object(
  {
    run_id: Type.String(),
    segment_id: Type.String(),
    status: RunStatus,
    output: JsonValue,
    error: Type.Union([ErrorInfo, Type.Null()]),
    duration_ms: Type.Integer({ minimum: 0 }),
    steps_completed: Type.Integer({
      minimum: 0,
      description: 'Step occurrences that completed, including those in loop iterations.',
    }),
    steps_total: Type.Integer({
      minimum: 0,
      description: 'Step occurrences that were decided: completed, failed, skipped or cancelled.',
    }),
    usage: Usage,
  },
  { additionalProperties: false, $id: 'RunResult' },
);
export type RunResult = Static<typeof RunResult>;
