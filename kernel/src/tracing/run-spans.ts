/**
 * Purpose: the spans of one run, as a projection of its events: one per attempt, one per control step that took time, one for the run.
 * Owns: the tree, stretches, what is told of each span. Does not own: whether the run is traced, exporting (span-outbox.ts).
 * Invariants:
 *   S1 The same events give the same spans, with the same ids, wherever they are derived.
 *   S2 No span covers a wait of more than `longWaitMs`. The part of a run between two such waits is a stretch, and has a trace of its own
 *      that is linked to the one before.
 *   S3 The parent of a span is in its trace, and is exported.
 */
import {
  type ErrorInfo,
  type Json,
  type RunEvent,
  type RunKey,
  type RunRequested,
  splitIterationScope,
  stepKey,
} from '@llmteam/contracts';
import type { RunState } from '../engine/state.js';
import { addStepAttributes, longWaitMs, type OpenStep, timesOf } from './open-step.js';
import { noteOf } from './span-notes.js';
import type { MutableAttributes, SpanLink, SpanNote, SpanRecord } from './span-record.js';
import { runSpanId, stepSpanId, stretchTraceId, traceIdOf } from './trace-ids.js';

const maxNotes = 32;

/** What must be known of a run to go on deriving its spans. */
interface Standing {
  stretch: number;
  began_at: number;
  last_at: number;
  turn: number;
  notes: SpanNote[];
  open: [string, OpenStep][];
}

export class RunSpans {
  private stretch = 0;
  private beganAt: number;
  private lastAt: number;
  private turn = 0;
  private notes: SpanNote[] = [];
  private open = new Map<string, OpenStep>();
  private made: SpanRecord[] = [];
  /** Hashes are most of what a span costs. */
  private readonly runSpanIds: string[] = [];

  constructor(
    private readonly key: RunKey,
    private readonly request: RunRequested,
  ) {
    this.beganAt = request.at;
    this.lastAt = request.at;
  }

  /** As it was saved; null if that is no standing. */
  static restore(key: RunKey, request: RunRequested, saved: Json): RunSpans | null {
    const standing = saved as unknown as Standing | null;
    if (typeof standing?.stretch !== 'number' || !Array.isArray(standing.open)) return null;
    const spans = new RunSpans(key, request);
    spans.stretch = standing.stretch;
    spans.beganAt = standing.began_at;
    spans.lastAt = standing.last_at;
    spans.turn = standing.turn;
    spans.notes = standing.notes;
    spans.open = new Map(standing.open);
    return spans;
  }

  save(): Json {
    const { stretch, beganAt, lastAt, turn, notes, open } = this;
    const standing: Standing = { stretch, began_at: beganAt, last_at: lastAt, turn, notes, open: [...open] };
    return standing as unknown as Json;
  }

  /** The spans that ended with the events of one entry. `run` is the run after it. */
  after(events: readonly RunEvent[], run: RunState): readonly SpanRecord[] {
    const [first] = events;
    if (first === undefined) return [];
    this.made = [];
    this.turn++;
    this.endStretchBefore(timeOf(first));
    for (const event of events) this.take(event, timeOf(event), run);
    return this.made;
  }

  /** The trace and span in which an attempt runs. */
  attemptSpan(step: string, attempt: number): SpanLink {
    const open = this.open.get(step);
    if (open?.attempt === attempt) return { trace_id: this.traceId(open.stretch), span_id: this.spanId(step, open) };
    const stretch = open?.stretch ?? this.stretch;
    return { trace_id: this.traceId(stretch), span_id: stepSpanId(this.key, step, attempt, stretch) };
  }

  /** The span in which a control step is now. */
  stepSpan(step: string): SpanLink {
    return this.attemptSpan(step, this.open.get(step)?.attempt ?? 1);
  }

  private take(event: RunEvent, at: number, run: RunState): void {
    this.lastAt = Math.max(this.lastAt, at);
    if (event.step_id === null) this.takeRunEvent(event, at, run);
    else this.takeStepEvent(event, stepKey(event.scope, event.step_id), at);
  }

  private takeRunEvent(event: RunEvent, at: number, run: RunState): void {
    switch (event.event_type) {
      case 'segment.started':
        return;
      case 'segment.completed':
      case 'segment.failed':
      case 'segment.cancelled':
      case 'segment.timeout':
        this.endRun(event, run);
        return;
      default:
        addNote(this.notes, noteOf(event, at));
    }
  }

  private takeStepEvent(event: RunEvent, key: string, at: number): void {
    const step = this.open.get(key);
    switch (event.event_type) {
      case 'step.queued':
        this.begin(key, event, at, false);
        return;
      case 'step.started':
        if (event.payload.worker === undefined) this.begin(key, event, at, true);
        else if (step !== undefined) {
          step.started_at = at;
          step.worker = event.payload.worker;
        }
        return;
      case 'step.retrying':
        if (step !== undefined) addNote(step.notes, noteOf(event, at));
        this.end(key, event, at);
        return;
      case 'step.completed':
      case 'step.failed':
      case 'step.cancelled':
        this.end(key, event, at);
        return;
      case 'step.skipped':
        return;
      case 'step.waiting':
        if (event.payload.waiting_for.kind === 'child_run') this.linkChild(step, event.payload.waiting_for.run_id);
    }
    if (step !== undefined) addNote(step.notes, noteOf(event, at));
  }

  /** The trace of a child run derives from its id, as does its first span. */
  private linkChild(step: OpenStep | undefined, runId: string): void {
    const child = { tenant_id: this.key.tenant_id, run_id: runId };
    step?.links.push({ trace_id: traceIdOf(child), span_id: runSpanId(child, 0) });
  }

  private begin(key: string, event: RunEvent, at: number, isControl: boolean): void {
    this.open.set(key, {
      step_id: event.step_id ?? '',
      step_type: event.step_type ?? '',
      scope: event.scope,
      attempt: event.attempt ?? 1,
      since: at,
      started_at: null,
      worker: null,
      is_control: isControl,
      stretch: this.stretch,
      turn: this.turn,
      has_children: false,
      notes: [],
      links: [],
    });
  }

  private end(key: string, event: RunEvent, at: number): void {
    if (!this.open.has(key)) {
      // It failed before it began, or was ready and never began.
      if (event.error === null) return;
      this.begin(key, event, at, true);
    }
    const step = this.open.get(key) as OpenStep;
    this.open.delete(key);
    const tookNoTime = step.is_control && step.turn === this.turn && !step.has_children;
    if (tookNoTime && event.error === null) return;
    const outcome = event.event_type === 'step.retrying' ? 'retrying' : event.event_type.slice('step.'.length);
    this.emitStep(key, step, at, outcome, event.error);
  }

  private emitStep(key: string, step: OpenStep, at: number, outcome: string, error: ErrorInfo | null): void {
    const { step_id, stretch, links } = step;
    const { start_at, end_at } = timesOf(step, at);
    const attributes = this.attributes(outcome, error);
    addStepAttributes(attributes, key, step, at);
    this.made.push({
      trace_id: this.traceId(stretch),
      span_id: this.spanId(key, step),
      parent_span_id: this.parentOf(step.scope, stretch),
      state: this.request.trace?.state ?? null,
      name: `step ${step_id}`,
      start_at,
      end_at,
      attributes,
      notes: error === null ? step.notes : [...step.notes, exceptionNote(error, at)],
      links,
      error: error?.error_message ?? null,
    });
  }

  private parentOf(scope: string, stretch: number): string {
    const iteration = splitIterationScope(scope);
    if (iteration === null) return this.runSpan(stretch);
    const { owner, attempt } = iteration;
    const open = this.open.get(owner);
    if (open !== undefined) open.has_children = true;
    return stepSpanId(this.key, owner, attempt, stretch);
  }

  private endStretchBefore(at: number): void {
    if (at - this.lastAt <= longWaitMs || this.isWorking()) return;
    const { lastAt } = this;
    for (const [key, step] of this.open) {
      if (!step.is_control) continue;
      this.emitStep(key, step, lastAt, 'waiting', null);
      step.links = [{ trace_id: this.traceId(this.stretch), span_id: this.stepSpan(key).span_id }];
      step.stretch++;
      step.since = at;
      step.notes = [];
    }
    this.emitRun(lastAt, this.attributes('waiting', null), null);
    this.stretch++;
    this.beganAt = at;
    this.lastAt = at;
    this.notes = [];
  }

  /** An attempt runs on a worker: it is not a wait, however long it takes. */
  private isWorking(): boolean {
    for (const { started_at } of this.open.values()) if (started_at !== null) return true;
    return false;
  }

  private endRun({ event_type, error }: RunEvent, { usage, steps_completed }: RunState): void {
    const { input_tokens, output_tokens, cost_usd } = usage;
    const attributes = this.attributes(event_type.slice('segment.'.length), error);
    attributes['llmteam.steps_completed'] = steps_completed;
    if (input_tokens + output_tokens > 0 || cost_usd !== undefined) {
      attributes['llmteam.input_tokens'] = input_tokens;
      attributes['llmteam.output_tokens'] = output_tokens;
    }
    if (cost_usd !== undefined) attributes['llmteam.cost_usd'] = cost_usd;
    this.emitRun(this.lastAt, attributes, error);
  }

  private emitRun(at: number, attributes: MutableAttributes, error: ErrorInfo | null): void {
    const { request, stretch } = this;
    const { parent, instance_id, correlation_id, trace, segment_id } = request;
    attributes['llmteam.instance_id'] = instance_id;
    if (correlation_id !== null) attributes['llmteam.correlation_id'] = correlation_id;
    if (parent !== undefined) attributes['llmteam.parent_run_id'] = parent.run_id;
    if (stretch > 0) attributes['llmteam.stretch'] = stretch;
    this.made.push({
      trace_id: this.traceId(stretch),
      span_id: this.runSpan(stretch),
      parent_span_id: stretch === 0 ? (trace?.parent_span_id ?? null) : null,
      state: trace?.state ?? null,
      name: `run ${segment_id}`,
      start_at: this.beganAt,
      end_at: at,
      attributes,
      notes: this.notes,
      links: this.runLinks(),
      error: error?.error_message ?? null,
    });
  }

  /** Back to where it came from, or to the stretch before. */
  private runLinks(): readonly SpanLink[] {
    const { stretch } = this;
    if (stretch > 0) return [{ trace_id: this.traceId(stretch - 1), span_id: this.runSpan(stretch - 1) }];
    return this.request.trace?.link === undefined ? [] : [this.request.trace.link];
  }

  private attributes(outcome: string, error: ErrorInfo | null): MutableAttributes {
    const { tenant_id, run_id } = this.key;
    const attributes: MutableAttributes = {
      'llmteam.run_id': run_id,
      'llmteam.tenant_id': tenant_id,
      'llmteam.segment_id': this.request.segment_id,
      'llmteam.outcome': outcome,
    };
    if (error !== null) attributes['error.type'] = error.error_code;
    return attributes;
  }

  private runSpan(stretch: number): string {
    this.runSpanIds[stretch] ??= runSpanId(this.key, stretch);
    return this.runSpanIds[stretch];
  }

  private spanId(key: string, step: OpenStep): string {
    if (step.span?.stretch !== step.stretch) {
      step.span = { stretch: step.stretch, id: stepSpanId(this.key, key, step.attempt, step.stretch) };
    }
    return step.span.id;
  }

  private traceId(stretch: number): string {
    return stretchTraceId(this.key, this.request.trace_id, stretch);
  }
}

function timeOf({ timestamp }: RunEvent): number {
  return Date.parse(timestamp);
}

function exceptionNote({ error_code, error_message }: ErrorInfo, at: number): SpanNote {
  return { name: 'exception', at, attributes: { 'exception.type': error_code, 'exception.message': error_message } };
}

function addNote(notes: SpanNote[], note: SpanNote): void {
  if (notes.length < maxNotes) notes.push(note);
}
