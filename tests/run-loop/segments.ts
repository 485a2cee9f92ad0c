import type { Segment } from '@llmteam/contracts';

/** Two jobs in a chain; returns 2. */
export const chain: Segment = {
  segment_id: 'chain',
  name: 'Chain',
  entrypoint: 'one',
  steps: [
    { step_id: 'one', type: 'work', config: { result: 1 } },
    { step_id: 'two', type: 'work', config: { result: '${input + 1}' } },
  ],
  edges: [{ from: 'one', to: 'two' }],
};

/** Waits for the signal `go`, then returns its payload. */
export const waiting: Segment = {
  segment_id: 'waiting',
  name: 'Waiting',
  entrypoint: 'wait',
  params: { timeout_seconds: null },
  steps: [
    { step_id: 'wait', type: 'wait_for_signal', config: { signal: 'go' } },
    { step_id: 'after', type: 'work' },
  ],
  edges: [{ from: 'wait', to: 'after' }],
};

/** Runs `chain` as a child. */
export const parent: Segment = {
  segment_id: 'parent',
  name: 'Parent',
  entrypoint: 'child',
  steps: [{ step_id: 'child', type: 'subworkflow', config: { segment_ref: 'chain' } }],
};

/** Waits for a minute. */
export const delay: Segment = {
  ...waiting,
  segment_id: 'delay',
  entrypoint: 'pause',
  steps: [{ step_id: 'pause', type: 'delay', config: { seconds: 60 } }],
  edges: [],
};

/** A human task, then a step that uses the answer. */
export const approval: Segment = {
  segment_id: 'approval',
  name: 'Approval',
  entrypoint: 'ask',
  params: { timeout_seconds: null },
  steps: [
    { step_id: 'ask', type: 'human_task', config: { task_type: 'approval', title: 'Publish?' } },
    { step_id: 'publish', type: 'work', config: { result: 'published' } },
    { step_id: 'drop', type: 'work', config: { result: 'dropped' } },
  ],
  edges: [
    { from: 'ask', from_port: 'approved', to: 'publish' },
    { from: 'ask', from_port: 'rejected', to: 'drop' },
  ],
};
