/**
 * Purpose: ids of traces and spans, derived from the run, so that whoever reads its history gives a span the same id.
 */
import { hash } from 'node:crypto';
import type { RunKey } from '@llmteam/contracts';

/** The trace of a run whose requester named none. */
export function traceIdOf({ tenant_id, run_id }: RunKey): string {
  return digest(['run', tenant_id, run_id]).slice(0, 32);
}

/** The trace of what a run did after its `stretch`-th long wait. Stretch 0 has the trace of the run. */
export function stretchTraceId({ tenant_id, run_id }: RunKey, traceId: string, stretch: number): string {
  return stretch === 0 ? traceId : digest(['stretch', tenant_id, run_id, stretch]).slice(0, 32);
}

/** The span of a run, within one of its stretches. */
export function runSpanId({ tenant_id, run_id }: RunKey, stretch: number): string {
  return digest(['run-span', tenant_id, run_id, stretch]).slice(0, 16);
}

/** The span of one attempt of a step, within a stretch. */
export function stepSpanId({ tenant_id, run_id }: RunKey, step: string, attempt: number, stretch: number): string {
  return digest(['step-span', tenant_id, run_id, step, attempt, stretch]).slice(0, 16);
}

/** No part contains the separator: names and step keys have no control characters. */
function digest(parts: readonly (string | number)[]): string {
  return hash('sha256', parts.join('\n'), 'hex');
}
