import type { Edge, Segment, Step } from '@llmteam/contracts';

/** A chain of steps. */
export function chain(segmentId: string, steps: readonly Step[], more: Partial<Segment> = {}): Segment {
  const edges: Edge[] = steps
    .slice(1)
    .map(({ step_id }, place) => ({ from: steps[place]?.step_id ?? '', to: step_id }));
  return {
    segment_id: segmentId,
    name: segmentId,
    entrypoint: steps[0]?.step_id ?? '',
    steps: [...steps],
    edges,
    ...more,
  };
}

export function transform(stepId: string, expression: string): Step {
  return { step_id: stepId, type: 'transform', config: { expression } };
}

export function delay(stepId: string, seconds: number): Step {
  return { step_id: stepId, type: 'delay', config: { seconds } };
}

function waitForSignal(stepId: string, signal: string): Step {
  return { step_id: stepId, type: 'wait_for_signal', config: { signal } };
}

export function approval(stepId: string, title: string): Step {
  return { step_id: stepId, type: 'human_task', config: { task_type: 'approval', title } };
}

/** Three steps without external dependencies. */
export const doubling = chain('doubling', [
  transform('one', "'n' in input ? input.n : 1"),
  transform('double', 'input * 2'),
  transform('wrap', "{'doubled': input}"),
]);

/** Waits for the signal `go`. */
export const waiting = chain(
  'waiting',
  [transform('first', '1'), waitForSignal('wait', 'go'), transform('last', 'input')],
  {
    params: { timeout_seconds: null },
  },
);
