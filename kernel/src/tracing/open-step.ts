import type { MutableAttributes, SpanLink, SpanNote } from './span-record.js';

/** Waits up to here are part of a span. */
export const longWaitMs = 600_000;

/** A step that has begun and not ended. */
export interface OpenStep {
  readonly step_id: string;
  readonly step_type: string;
  readonly scope: string;
  readonly attempt: number;
  /** When it was queued, or began if it is a control step. */
  since: number;
  /** When a worker began; null before that, and for control steps. */
  started_at: number | null;
  worker: string | null;
  readonly is_control: boolean;
  /** The stretch that its span belongs to. */
  stretch: number;
  /** Its span in one stretch, once it was asked for. */
  span?: { readonly stretch: number; readonly id: string };
  /** The turn in which it began. */
  readonly turn: number;
  has_children: boolean;
  notes: SpanNote[];
  links: SpanLink[];
}

/** S2: of an attempt that waited long for a worker, the span is the time that it ran. */
export function timesOf({ since, started_at }: OpenStep, at: number): { start_at: number; end_at: number } {
  const waited = (started_at ?? at) - since;
  const startAt = waited > longWaitMs ? (started_at ?? at) : since;
  return { start_at: Math.min(startAt, at), end_at: at };
}

/** Adds what a span tells of a step. */
export function addStepAttributes(to: MutableAttributes, key: string, step: OpenStep, at: number): void {
  const { step_id, step_type, attempt, is_control, since, started_at, worker } = step;
  to['llmteam.step_id'] = step_id;
  to['llmteam.step'] = key;
  to['llmteam.step_type'] = step_type;
  if (is_control) return;
  to['llmteam.attempt'] = attempt;
  to['llmteam.queue_ms'] = Math.max(0, (started_at ?? at) - since);
  if (started_at !== null) to['llmteam.run_ms'] = Math.max(0, at - started_at);
  if (worker !== null) to['llmteam.worker'] = worker;
}
