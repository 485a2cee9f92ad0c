import type { Fact, RunKey, RunRequested, Segment } from '@llmteam/contracts';
import {
  compilePlan,
  createExpressionCompiler,
  defineSegment,
  type Outcome,
  type Plan,
  type Run,
  startRun,
  type ValidationContext,
} from '@llmteam/kernel';
import { epochMs, scenarioCatalog } from '../../support/simulation/simulation.js';

const catalog = scenarioCatalog();
const compiler = createExpressionCompiler();

/** The validation context. */
export const validationContext: ValidationContext = { catalog, compiler };

export function planOf(segment: Segment): Plan {
  return compilePlan(defineSegment(segment, catalog), catalog, compiler);
}

export const runKey: RunKey = { tenant_id: 'acme', run_id: 'random' };

export function requestOf(segment: Segment, more: Partial<RunRequested> = {}): RunRequested {
  const { timeout_seconds = 300 } = segment.params ?? {};
  return {
    type: 'run.requested',
    at: epochMs,
    segment_id: segment.segment_id,
    definition: 'sha256:0',
    input: [1, 2],
    instance_id: 'default',
    correlation_id: null,
    trace_id: '0'.repeat(32),
    timeout_seconds,
    engine: '0.1.0',
    ...more,
  };
}

export function begin(segment: Segment, more: Partial<RunRequested> = {}): { run: Run; outcome: Outcome } {
  return startRun(planOf(segment), runKey, requestOf(segment, more), { events: true });
}

/** A report of the first attempt. */
export function report(step: string, more: Partial<Extract<Fact, { type: 'step.reported' }>> = {}): Fact {
  const reported = {
    type: 'step.reported',
    at: epochMs,
    step,
    attempt: 1,
    started_at: epochMs,
    worker: 'w',
  } as const;
  return { ...reported, ...(more.error === undefined && { ports: { output: null } }), ...more };
}
