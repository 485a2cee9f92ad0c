import type { Segment } from '@llmteam/contracts';

/** Returns its input. */
export const echo: Segment = {
  segment_id: 'echo',
  name: 'Echo',
  entrypoint: 'say',
  steps: [{ step_id: 'say', type: 'transform', config: { expression: 'input' } }],
};

/** Waits for the signal `go`, then returns its payload. */
export const waiting: Segment = {
  segment_id: 'waiting',
  name: 'Waiting',
  entrypoint: 'wait',
  params: { timeout_seconds: null },
  steps: [
    { step_id: 'wait', type: 'wait_for_signal', config: { signal: 'go' } },
    { step_id: 'say', type: 'transform', config: { expression: 'input' } },
  ],
  edges: [{ from: 'wait', to: 'say' }],
};

/** A human task with an approval. */
export const asking: Segment = {
  segment_id: 'asking',
  name: 'Asking',
  entrypoint: 'approve',
  params: { timeout_seconds: null },
  steps: [{ step_id: 'approve', type: 'human_task', config: { task_type: 'approval', title: 'Publish?' } }],
};

/** A human task with a form. */
export const form: Segment = {
  segment_id: 'form',
  name: 'Form',
  entrypoint: 'fill',
  params: { timeout_seconds: null },
  steps: [
    {
      step_id: 'fill',
      type: 'human_task',
      config: {
        task_type: 'input',
        title: 'How many?',
        form: { type: 'object', properties: { count: { type: 'integer' } }, required: ['count'] },
      },
    },
  ],
};

/** Fails immediately. */
export const failing: Segment = {
  segment_id: 'failing',
  name: 'Failing',
  entrypoint: 'break',
  params: { max_retries: 0 },
  steps: [{ step_id: 'break', type: 'transform', config: { expression: 'input.absent.key' } }],
};

/** A chain of `length` steps after a signal. */
export function chain(length: number): Segment {
  const ids = Array.from({ length }, (_, place) => `step_${place}`);
  return {
    segment_id: `chain_${length}`,
    name: 'Chain',
    entrypoint: 'step_0',
    params: { timeout_seconds: null },
    steps: ids.map((stepId) => ({ step_id: stepId, type: 'transform', config: { expression: 'input' } })),
    edges: ids.slice(1).map((to, place) => ({ from: `step_${place}`, to })),
  };
}
