import type { Fact, RunKey, RunRequested, Segment } from '@llmteam/contracts';
import {
  compile_plan,
  create_expression_compiler,
  define_segment,
  type Outcome,
  type Plan,
  type Run,
  start_run,
  type ValidationContext,
} from '@llmteam/kernel';
import { epoch_ms, scenario_catalog } from '../../support/simulation/simulation.js';

const catalog = scenario_catalog();
const compiler = create_expression_compiler();

/** What validation is given. */
export const validation_context: ValidationContext = { catalog, compiler };

export function plan_of(segment: Segment): Plan {
  return compile_plan(define_segment(segment, catalog), catalog, compiler);
}

export const run_key: RunKey = { tenant_id: 'acme', run_id: 'random' };

export function request_of(segment: Segment, more: Partial<RunRequested> = {}): RunRequested {
  const { timeout_seconds = 300 } = segment.params ?? {};
  return {
    type: 'run.requested',
    at: epoch_ms,
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
  return start_run(plan_of(segment), run_key, request_of(segment, more), { events: true });
}

/** A report of the first attempt. */
export function report(step: string, more: Partial<Extract<Fact, { type: 'step.reported' }>> = {}): Fact {
  const reported = {
    type: 'step.reported',
    at: epoch_ms,
    step,
    attempt: 1,
    started_at: epoch_ms,
    worker: 'w',
  } as const;
  return { ...reported, ...(more.error === undefined && { ports: { output: null } }), ...more };
}
