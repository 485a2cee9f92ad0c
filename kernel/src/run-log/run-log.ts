/**
 * Purpose: a log line per event of a loop's runs, at the level of its type.
 * Owns: which events are built for it, what a line tells. Does not own: the levels of the types (event-lines.ts), the level of the log.
 * Invariants:
 *   N1 An event that nobody would see written is not built.
 *   N2 A takeover logs again at most what came after the last checkpoint; without one, what is younger than `recentMs`.
 *   N3 No line has anything of a payload that a segment, a handler or a person wrote.
 */
import { type EventType, eventTypes, type Logger, type LogLevel, type RunEvent, stepKey } from '@llmteam/contracts';
import type { EvolveOptions } from '../engine/evolve.js';
import { eventLines } from './event-lines.js';

const levels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];
const recentMs = 60_000;

/** The event types whose lines are written at each level. */
const written: ReadonlyMap<LogLevel, EvolveOptions> = new Map(
  levels.map((lowest, place) => {
    const isWritten = (type: EventType): boolean => levels.indexOf(eventLines[type].level) >= place;
    return [lowest, { events: new Set(eventTypes.filter(isWritten)) }];
  }),
);
const nothing: EvolveOptions = { events: false };

export class RunLog {
  private since = Number.NEGATIVE_INFINITY;

  constructor(
    /** null: events are not logged. */
    private readonly log: Logger | null,
  ) {}

  /** A takeover begins: from a checkpoint, or with all of the history. */
  begin(now: number, isFromCheckpoint: boolean): void {
    this.since = isFromCheckpoint ? Number.NEGATIVE_INFINITY : now - recentMs;
  }

  /** The loop is live: whatever comes is new. */
  goLive(): void {
    this.since = Number.NEGATIVE_INFINITY;
  }

  /** Which events of an entry of this time are to be built. */
  wanted(at: number): EvolveOptions {
    if (this.log === null || at < this.since) return nothing;
    for (const level of levels) if (this.isWritten(level)) return written.get(level) ?? nothing;
    return nothing;
  }

  /** `isCopy`: another run did what they tell, but for the start of this one. */
  note(events: readonly RunEvent[], { at, isCopy }: { readonly at: number; readonly isCopy: boolean }): void {
    if (this.log === null || at < this.since) return;
    for (const event of events) {
      if (isCopy && event.event_type !== 'segment.started') continue;
      const { level, message } = eventLines[event.event_type];
      if (this.isWritten(level)) this.log[level](fieldsOf(event), message);
    }
  }

  private isWritten(level: LogLevel): boolean {
    return this.log?.isLevelEnabled?.(level) ?? true;
  }
}

function fieldsOf(event: RunEvent): object {
  const { run_id, tenant_id, segment_id, trace_id, seq, step_id, step_type, scope, attempt, duration_ms, error } =
    event;
  const step = step_id === null ? {} : { step: stepKey(scope, step_id), step_id, step_type };
  return {
    run_id,
    tenant_id,
    segment_id,
    trace_id,
    seq,
    ...step,
    ...(scope !== '' && { scope }),
    ...(attempt !== null && { attempt }),
    ...(duration_ms !== null && { duration_ms }),
    ...(error !== null && { error_code: error.error_code }),
    ...more(event),
  };
}

function more(event: RunEvent): object {
  switch (event.event_type) {
    case 'segment.started': {
      const { parent_run_id } = event.payload;
      return parent_run_id === null ? {} : { parent_run_id };
    }
    case 'step.started':
      return event.payload.worker === undefined ? {} : { worker: event.payload.worker };
    case 'step.retrying':
      return { delay_ms: event.payload.delay_ms, max_attempts: event.payload.max_attempts };
    case 'step.waiting':
      return { waiting_for: event.payload.waiting_for.kind };
    case 'human.task_created':
    case 'human.task_assigned':
    case 'human.task_unassigned':
    case 'human.task_completed':
    case 'human.task_escalated':
      return { task_id: event.payload.task_id };
    default:
      return {};
  }
}
