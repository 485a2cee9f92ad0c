import { type Static, Type } from 'typebox';
import { ErrorInfo } from './errors.js';
import { JsonRecord } from './json.js';

export const eventTypes = [
  'segment.started',
  'segment.completed',
  'segment.failed',
  'segment.cancelled',
  'segment.paused',
  'segment.resumed',
  'segment.timeout',
  'step.queued',
  'step.started',
  'step.completed',
  'step.failed',
  'step.skipped',
  'step.retrying',
  'step.waiting',
  'step.cancelled',
  'human.task_created',
  'human.task_assigned',
  'human.task_completed',
  'human.task_escalated',
  'action.started',
  'action.completed',
  'action.failed',
  'data.produced',
  'data.consumed',
  'critic_loop.started',
  'critic_loop.iteration_started',
  'critic_loop.iteration_completed',
  'critic_loop.improvement',
  'critic_loop.no_improvement',
  'critic_loop.completed',
] as const;
export type EventType = (typeof eventTypes)[number];
export const EventType = Type.Enum([...eventTypes], { $id: 'EventType' });

export type Severity = 'debug' | 'info' | 'warning' | 'error';

const nullableString = Type.Union([Type.String(), Type.Null()]);

/** What happened in a run, derived from its history: a replay gives the same list, byte for byte. */
export const RunEvent = Type.Object(
  {
    event_id: Type.String({ description: '`<run_id>:<seq>`' }),
    event_type: EventType,
    seq: Type.Integer({ minimum: 1, description: 'From 1, without gaps.' }),
    timestamp: Type.String({ format: 'date-time', description: 'RFC 3339, UTC.' }),
    tenant_id: Type.String(),
    instance_id: Type.String(),
    run_id: Type.String(),
    segment_id: Type.String(),
    step_id: nullableString,
    step_type: nullableString,
    scope: Type.String({ description: 'Loop path; empty outside loops.' }),
    attempt: Type.Union([Type.Integer({ minimum: 1 }), Type.Null()]),
    severity: Type.Enum(['debug', 'info', 'warning', 'error']),
    correlation_id: nullableString,
    parent_event_id: Type.Union([Type.String(), Type.Null()], { description: 'The event that led to this one.' }),
    payload: JsonRecord,
    error: Type.Union([ErrorInfo, Type.Null()]),
    duration_ms: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()]),
    trace_id: Type.String(),
  },
  { additionalProperties: false, $id: 'RunEvent' },
);
export type RunEvent = Static<typeof RunEvent>;

/** A piece of text a model is writing. Live only: no seq, never journaled. */
export const LiveToken = Type.Object(
  {
    event_type: Type.Literal('llm.token'),
    run_id: Type.String(),
    step_id: Type.String(),
    scope: Type.String(),
    attempt: Type.Integer({ minimum: 1 }),
    text: Type.String(),
  },
  { additionalProperties: false, $id: 'LiveToken' },
);
export type LiveToken = Static<typeof LiveToken>;
