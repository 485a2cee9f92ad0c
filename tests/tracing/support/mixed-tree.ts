import * as assert from 'uvu/assert';
import { mixed } from './mixed-segment.js';
import type { ReceivedSpan } from './otlp-receiver.js';

/** What a line of the tree tells of a span besides its name. */
export function mixedLine({ attributes, status, kind, events }: ReceivedSpan): string {
  const code = attributes['error.type'] ?? attributes['http.response.status_code'] ?? '';
  const told = events.map(({ name }) => name).filter((name) => /^step\.|^human\./.test(name));
  const words = [kind === 3 ? 'client' : '', attributes['llmteam.outcome'] ?? '', code, ...told];
  return [...words, status.code === 2 ? 'ERROR' : ''].filter((word) => word !== '').join(' ');
}

/** The spans of a run of the mixed segment, below the span of its caller. */
export const mixedTree = [
  'POST /api/v1/segments/{segment_id}/runs 202',
  '  run mixed completed',
  '    step begin completed',
  '    step flaky retrying HTTP_STATUS step.retrying ERROR',
  '      GET client 503 ERROR',
  '    step flaky completed',
  '      GET client 200',
  '    step missing failed HTTP_CLIENT_ERROR ERROR',
  '      GET client 404 ERROR',
  '    step caught completed',
  '    step hanging failed STEP_TIMEOUT ERROR',
  '      GET client STEP_TIMEOUT ERROR',
  '    step late completed',
  '    step each completed',
  '      step double completed',
  '      step double completed',
  '      step double completed',
  '      step shape completed',
  '      step shape completed',
  '      step shape completed',
  '    step left completed',
  '    step right completed',
  '    step join completed',
  '    step nested completed step.waiting',
  '    step ask completed',
  '      chat offline client',
  '    step pause completed step.waiting',
  '    step approve completed human.task_created step.waiting human.task_completed',
  '    step report completed',
  '    step done completed',
];

/** The child run and the step that started it are linked both ways. */
export function checkChild(spans: readonly ReceivedSpan[]): void {
  const run = spans.find(({ name }) => name === 'run child');
  const step = spans.find(({ name }) => name === 'step nested');
  assert.equal(run?.links, [{ trace_id: step?.trace_id, span_id: step?.span_id }]);
  assert.equal(step?.links, [{ trace_id: run?.trace_id, span_id: run?.span_id }]);
}

/** Names of its steps' spans, in the order in which they begin. */
export const mixedNames: readonly string[] = mixed.steps.map(({ step_id }) => `step ${step_id}`);
