import { type Static, type TProperties, Type } from 'typebox';
import { ErrorInfo } from './errors.js';
import { type EventPayloads, eventCatalog } from './event-catalog.js';
import { JsonRecord } from './json.js';
import type { RunOutcome } from './run.js';

export type EventType = keyof typeof eventCatalog;
export const eventTypes = Object.keys(eventCatalog) as EventType[];
export const EventType = Type.Enum(eventTypes, { $id: 'EventType' });

/** The event type that ends a run, by outcome. */
export const runEndingEvents = {
  completed: 'segment.completed',
  failed: 'segment.failed',
  cancelled: 'segment.cancelled',
  timeout: 'segment.timeout',
} as const satisfies Record<RunOutcome, EventType>;
const endingEventTypes: ReadonlySet<string> = new Set(Object.values(runEndingEvents));

/** Whether an event of this type is the last of its run. */
export function endsRun(eventType: string): boolean {
  return endingEventTypes.has(eventType);
}

export type Severity = 'debug' | 'info' | 'warning' | 'error';

const nullableString = Type.Union([Type.String(), Type.Null()]);

/** An event of a run, derived from its history: a replay yields the same events, byte for byte. */
export const RunEvent = Type.Object(
  {
    event_id: Type.String({ description: '`<run_id>:<seq>`' }),
    event_type: EventType,
    seq: Type.Integer({ minimum: 1, description: 'Starts at 1, without gaps.' }),
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
    parent_event_id: Type.Union([Type.String(), Type.Null()], { description: 'The event that caused this one.' }),
    payload: JsonRecord,
    error: Type.Union([ErrorInfo, Type.Null()]),
    duration_ms: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()]),
    trace_id: Type.String(),
    redacted: Type.Optional(
      Type.Literal(true, { description: 'Present if the data of the run was removed: the payload is empty.' }),
    ),
  },
  { additionalProperties: false, $id: 'RunEvent', allOf: payloadRules() },
);
type Envelope = Omit<Static<typeof RunEvent>, 'event_type' | 'payload'>;

/** An event of one type. */
export type RunEventOf<T extends EventType> = Envelope & { event_type: T; payload: EventPayloads[T] };

/** Any event, discriminated by `event_type`. */
export type RunEvent = { [T in EventType]: RunEventOf<T> }[EventType];

/** JSON Schema rules that select the payload's schema by event type. */
function payloadRules(): TProperties[] {
  return eventTypes.map((type) => ({
    if: Type.Object({ event_type: Type.Literal(type) }, { not: Type.Object({ redacted: Type.Literal(true) }) }),
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: Type.Object({ payload: eventCatalog[type].payload }),
  }));
}

/** A piece of text streamed by a model. Live only: it has no seq and is never journaled. */
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

/** How far an attempt says it is. Live only: it has no seq and is never journaled. */
export const LiveProgress = Type.Object(
  {
    event_type: Type.Literal('step.progress'),
    run_id: Type.String(),
    step_id: Type.String(),
    scope: Type.String(),
    attempt: Type.Integer({ minimum: 1 }),
    progress: JsonRecord,
  },
  { additionalProperties: false, $id: 'LiveProgress' },
);
export type LiveProgress = Static<typeof LiveProgress>;

/** What is told while a run goes on and is never journaled. */
export type LiveMessage = LiveToken | LiveProgress;
