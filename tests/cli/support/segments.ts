import type { Edge, Segment, Step } from '@llmteam/contracts';

/** Steps one after the other. */
export function chain(segment_id: string, steps: readonly Step[], more: Partial<Segment> = {}): Segment {
  const edges: Edge[] = steps
    .slice(1)
    .map(({ step_id }, place) => ({ from: steps[place]?.step_id ?? '', to: step_id }));
  return { segment_id, name: segment_id, entrypoint: steps[0]?.step_id ?? '', steps: [...steps], edges, ...more };
}

export function transform(step_id: string, expression: string): Step {
  return { step_id, type: 'transform', config: { expression } };
}

export function delay(step_id: string, seconds: number): Step {
  return { step_id, type: 'delay', config: { seconds } };
}

function wait_for_signal(step_id: string, signal: string): Step {
  return { step_id, type: 'wait_for_signal', config: { signal } };
}

export function approval(step_id: string, title: string): Step {
  return { step_id, type: 'human_task', config: { task_type: 'approval', title } };
}

/** Three steps that need nothing and nobody. */
export const doubling = chain('doubling', [
  transform('one', "'n' in input ? input.n : 1"),
  transform('double', 'input * 2'),
  transform('wrap', "{'doubled': input}"),
]);

/** Waits until it is signalled `go`. */
export const waiting = chain(
  'waiting',
  [transform('first', '1'), wait_for_signal('wait', 'go'), transform('last', 'input')],
  {
    params: { timeout_seconds: null },
  },
);
