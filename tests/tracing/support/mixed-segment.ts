import type { Segment, Step } from '@llmteam/contracts';

const transform = (stepId: string, expression = 'input'): Step => ({
  step_id: stepId,
  type: 'transform',
  config: { expression },
});
const http = (stepId: string, path: string, more: Partial<Step> = {}): Step => ({
  step_id: stepId,
  type: 'http_action',
  config: { client_ref: 'server', method: 'GET', path },
  ...more,
});

/** A child run of one step. */
export const child: Segment = {
  segment_id: 'child',
  name: 'Child',
  entrypoint: 'inner',
  steps: [transform('inner', '{"from": "child"}')],
};

/** Twenty steps: a retry, a failure that is caught, a time-out, a map, branches, a child run, a model, a wait and a human task. */
export const mixed: Segment = {
  segment_id: 'mixed',
  name: 'Mixed',
  entrypoint: 'begin',
  params: { timeout_seconds: null },
  steps: [
    transform('begin'),
    { step_id: 'choose', type: 'condition', config: { expression: 'true' } },
    http('flaky', '/flaky', { retry: { max_attempts: 3, initial_interval_seconds: 0.05 } }),
    http('missing', '/missing'),
    transform('caught', '"caught"'),
    http('hanging', '/hang', { timeout_seconds: 0.4, retry: { max_attempts: 1 } }),
    transform('late', '"late"'),
    { step_id: 'each', type: 'map', config: { items: '[1, 2, 3]', concurrency: 3 } },
    transform('double', 'loop.item * 2'),
    transform('shape', '{"value": input}'),
    { step_id: 'split', type: 'parallel_split', config: { branches: 2 } },
    transform('left', '"left"'),
    transform('right', '"right"'),
    { step_id: 'join', type: 'parallel_join', config: {} },
    { step_id: 'nested', type: 'subworkflow', config: { segment_ref: 'child' } },
    {
      step_id: 'ask',
      type: 'llm_agent',
      config: { llm_ref: 'model', user_prompt_template: 'Say something about tea.' },
    },
    { step_id: 'pause', type: 'delay', config: { seconds: 0.2 } },
    { step_id: 'approve', type: 'human_task', config: { task_type: 'approval', title: 'Publish?' } },
    transform('report', '"reported"'),
    transform('done', '"done"'),
  ],
  edges: [
    { from: 'begin', to: 'choose' },
    { from: 'choose', from_port: 'true', to: 'flaky' },
    { from: 'flaky', from_port: 'response', to: 'missing' },
    { from: 'missing', from_port: 'error', to: 'caught' },
    { from: 'caught', to: 'hanging' },
    { from: 'hanging', from_port: 'error', to: 'late' },
    { from: 'late', to: 'each' },
    { from: 'each', from_port: 'body', to: 'double' },
    { from: 'double', to: 'shape' },
    { from: 'shape', to: 'each', to_port: 'next' },
    { from: 'each', from_port: 'done', to: 'split' },
    { from: 'split', from_port: 'branch_1', to: 'left' },
    { from: 'split', from_port: 'branch_2', to: 'right' },
    { from: 'left', to: 'join' },
    { from: 'right', to: 'join' },
    { from: 'join', to: 'nested' },
    { from: 'nested', to: 'ask' },
    { from: 'ask', to: 'pause' },
    { from: 'pause', to: 'approve' },
    { from: 'approve', from_port: 'approved', to: 'report' },
    { from: 'report', to: 'done' },
  ],
};
