/**
 * Purpose: the spans of a loop's runs on their way from events to the exporter.
 * Owns: which runs are traced. Does not own: what the spans are (run-spans.ts), when they are exported (span-outbox.ts).
 */
import type { Entry, Job, Json, Position, RunEvent, RunKey, RunRequested, RunTrace } from '@llmteam/contracts';
import type { Run } from '../engine/state.js';
import { RunSpans } from './run-spans.js';
import type { SpanOutbox } from './span-outbox.js';
import type { SpanLink, SpanRecord } from './span-record.js';
import { traceparent } from './traceparent.js';

/** A run that may be traced. */
export interface Traced extends RunKey {
  /** null if it is not traced here. */
  spans: RunSpans | null;
  readonly run: Run | null;
}

export class RunTracer {
  constructor(
    /** null: this process exports no spans. */
    private readonly outbox: SpanOutbox | null,
  ) {}

  /** Before the first event of the run. */
  begin(owner: Traced, request: RunRequested): void {
    if (this.traces(request)) owner.spans = new RunSpans(owner, request);
  }

  /** Goes on from a snapshot; false if that does not tell where the spans of the run stand. */
  goOn(owner: Traced, request: RunRequested, saved: Json | undefined): boolean {
    if (!this.traces(request)) return true;
    owner.spans = saved === undefined ? null : RunSpans.restore(owner, request, saved);
    return owner.spans !== null;
  }

  /** The spans of a history that is read from its beginning; `done` tells them, once all of it was read. Null: they are not wanted. */
  replay(owner: Traced): Replay | null {
    // A run that was evicted here has kept its spans.
    if (this.outbox === null || owner.spans !== null) return null;
    const { tenant_id, run_id } = owner;
    const copy: Traced = { tenant_id, run_id, spans: null, run: null };
    const found: { readonly position: Position; readonly spans: readonly SpanRecord[] }[] = [];
    let copies = 0;
    return {
      take: ({ fact, position }, run, events) => {
        if (fact.type === 'run.requested') {
          this.begin(copy, fact);
          copies = fact.forked_from?.entries ?? 0;
        }
        const spans = copy.spans?.after(events, run.state) ?? [];
        if (copies-- <= 0) found.push({ position, spans });
      },
      done: () => {
        owner.spans = copy.spans;
        for (const { position, spans } of found) this.outbox?.add(position, spans);
      },
    };
  }

  /** The events of the entry at `position`. `isCopy`: another run did what they tell, and has their spans. */
  note(owner: Traced, run: Run, events: readonly RunEvent[], { position, isCopy }: NotedEntry): void {
    const spans = owner.spans?.after(events, run.state) ?? [];
    if (!isCopy) this.outbox?.add(position, spans);
  }

  private traces({ trace }: RunRequested): boolean {
    return this.outbox !== null && trace?.sampled === true;
  }
}

export interface Replay {
  take(entry: Entry, run: Run, events: readonly RunEvent[]): void;
  done(): void;
}

export interface NotedEntry {
  readonly position: Position;
  readonly isCopy: boolean;
}

/**
 * Adds the span that its handler continues to a job: that of the attempt, or where nobody exports that, the requester's. Returns the job,
 * which nobody else has seen yet: a copy would cost more than the rest.
 */
export function tracedJob(owner: Traced, job: Job): Job {
  const trace = owner.run?.state.request.trace;
  if (trace === undefined) return job;
  const span = owner.spans?.attemptSpan(job.step, job.attempt) ?? requester(job.trace_id, trace);
  if (span === null) return job;
  job.traceparent = traceparent(span, trace.sampled);
  if (trace.state !== undefined) job.tracestate = trace.state;
  return job;
}

function requester(traceId: string, { parent_span_id }: RunTrace): SpanLink | null {
  return parent_span_id === undefined ? null : { trace_id: traceId, span_id: parent_span_id };
}

/** What a child run gets of its parent's trace: the same decision, in a trace of its own that is linked to the step that started it. */
export function childTrace(parent: Traced, step: string): RunTrace | undefined {
  const trace = parent.run?.state.request.trace;
  if (trace === undefined) return undefined;
  const { sampled, state } = trace;
  const link = parent.spans?.stepSpan(step);
  return { sampled, ...(state !== undefined && { state }), ...(link !== undefined && { link }) };
}
