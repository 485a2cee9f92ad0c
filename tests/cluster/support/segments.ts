/** The workflows of the mixed load. The output of each can be computed from its input without the engine. */
import type { Segment } from '@llmteam/contracts';

const retried = { initial_interval_seconds: 0.05, max_attempts: 3 };

const branches: Segment = {
  segment_id: 'branches',
  name: 'Three branches of one or two steps, joined',
  entrypoint: 'begin',
  params: { timeout_seconds: null },
  output: 'steps.sum.output',
  steps: [
    { step_id: 'begin', type: 'effect' },
    { step_id: 'split', type: 'parallel_split', config: { branches: 3 } },
    { step_id: 'left', type: 'effect', config: { result: '${input.n + 1}', sleep_ms: 20 } },
    { step_id: 'middle', type: 'effect', config: { result: '${input.n * 2}' } },
    { step_id: 'further', type: 'effect', config: { result: '${input + 1}', sleep_ms: 5 } },
    { step_id: 'right', type: 'effect', config: { result: '${input.n * 3}', fail_until: 1 }, retry: retried },
    { step_id: 'join', type: 'parallel_join' },
    { step_id: 'sum', type: 'effect', config: { result: '${input[0] + input[1] + input[2]}' } },
  ],
  edges: [
    { from: 'begin', to: 'split' },
    { from: 'split', from_port: 'branch_1', to: 'left' },
    { from: 'split', from_port: 'branch_2', to: 'middle' },
    { from: 'split', from_port: 'branch_3', to: 'right' },
    { from: 'middle', to: 'further' },
    { from: 'left', to: 'join', to_port: 'left' },
    { from: 'further', to: 'join', to_port: 'middle' },
    { from: 'right', to: 'join', to_port: 'right' },
    { from: 'join', to: 'sum' },
  ],
};

const mapped: Segment = {
  segment_id: 'mapped',
  name: 'A map, two items at a time; those that are not positive fail and are tolerated',
  entrypoint: 'each',
  params: { timeout_seconds: null },
  output: 'steps.each.done',
  steps: [
    {
      step_id: 'each',
      type: 'map',
      config: { items: 'input.items', concurrency: 2, tolerate_failures: true },
    },
    {
      step_id: 'work',
      type: 'effect',
      config: { result: '${input * 10}', sleep_ms: 5, fail_until: '${input > 0 ? 0 : 9}' },
      retry: { max_attempts: 1 },
    },
  ],
  edges: [
    { from: 'each', from_port: 'body', to: 'work' },
    { from: 'work', to: 'each', to_port: 'next' },
  ],
};

const looped: Segment = {
  segment_id: 'looped',
  name: 'A loop whose steps fail once and are repeated',
  entrypoint: 'loop',
  params: { timeout_seconds: null },
  output: 'steps.loop.done.results',
  steps: [
    { step_id: 'loop', type: 'loop', config: { loop_type: 'range', items: 'input.times' } },
    {
      step_id: 'work',
      type: 'effect',
      config: { result: '${input + 100}', fail_until: 1 },
      retry: retried,
    },
  ],
  edges: [
    { from: 'loop', from_port: 'body', to: 'work' },
    { from: 'work', to: 'loop', to_port: 'next' },
  ],
};

const asked: Segment = {
  segment_id: 'asked',
  name: 'A person decides',
  entrypoint: 'before',
  params: { timeout_seconds: null },
  output: '{"decided": steps.after.output.value}',
  steps: [
    { step_id: 'before', type: 'effect' },
    { step_id: 'ask', type: 'human_task', config: { task_type: 'input', title: 'How many?' } },
    { step_id: 'after', type: 'effect' },
  ],
  edges: [
    { from: 'before', to: 'ask' },
    { from: 'ask', from_port: 'answered', to: 'after' },
  ],
};

const signalled: Segment = {
  segment_id: 'signalled',
  name: 'Waits a moment, then for a signal',
  entrypoint: 'before',
  params: { timeout_seconds: null },
  output: 'steps.after.output',
  steps: [
    { step_id: 'before', type: 'effect' },
    { step_id: 'moment', type: 'delay', config: { seconds: 0.3 } },
    { step_id: 'wait', type: 'wait_for_signal', config: { signal: 'paid' } },
    { step_id: 'after', type: 'effect' },
  ],
  edges: [
    { from: 'before', to: 'moment' },
    { from: 'moment', to: 'wait' },
    { from: 'wait', to: 'after' },
  ],
};

const inner: Segment = {
  segment_id: 'inner',
  name: 'Doubles a number',
  entrypoint: 'work',
  params: { timeout_seconds: null },
  output: 'steps.work.output',
  steps: [{ step_id: 'work', type: 'effect', config: { result: '${input.n * 2}', sleep_ms: 5 } }],
  edges: [],
};

const outer: Segment = {
  segment_id: 'outer',
  name: 'Has a number doubled, and adds one',
  entrypoint: 'child',
  params: { timeout_seconds: null },
  output: 'steps.plus.output',
  steps: [
    { step_id: 'child', type: 'subworkflow', config: { segment_ref: 'inner' } },
    { step_id: 'plus', type: 'effect', config: { result: '${input + 1}' } },
  ],
  edges: [{ from: 'child', to: 'plus' }],
};

const nested: Segment = {
  segment_id: 'nested',
  name: 'Child runs of child runs',
  entrypoint: 'begin',
  params: { timeout_seconds: null },
  output: 'steps.end.output',
  steps: [
    { step_id: 'begin', type: 'effect' },
    { step_id: 'child', type: 'subworkflow', config: { segment_ref: 'outer' } },
    { step_id: 'end', type: 'effect', config: { result: '${input * 10}' } },
  ],
  edges: [
    { from: 'begin', to: 'child' },
    { from: 'child', to: 'end' },
  ],
};

const rescued: Segment = {
  segment_id: 'rescued',
  name: 'A step that always fails, and one that catches it',
  entrypoint: 'doomed',
  params: { timeout_seconds: null },
  output: 'steps.rescue.output',
  steps: [
    { step_id: 'doomed', type: 'effect', config: { fail_until: 9 }, retry: { ...retried, max_attempts: 2 } },
    { step_id: 'rescue', type: 'effect', config: { result: 'rescued' } },
  ],
  edges: [{ from: 'doomed', from_port: 'error', to: 'rescue' }],
};

const endless: Segment = {
  segment_id: 'endless',
  name: 'Waits for what never comes',
  entrypoint: 'before',
  params: { timeout_seconds: null },
  steps: [
    { step_id: 'before', type: 'effect' },
    { step_id: 'wait', type: 'wait_for_signal', config: { signal: 'never' } },
  ],
  edges: [{ from: 'before', to: 'wait' }],
};

const chain: Segment = {
  segment_id: 'chain',
  name: 'Five steps, one after the other',
  entrypoint: 'one',
  params: { timeout_seconds: null },
  output: 'steps.five.output',
  steps: ['one', 'two', 'three', 'four', 'five'].map((stepId) => ({
    step_id: stepId,
    type: 'effect',
    config: { result: stepId === 'one' ? '${input.n + 1}' : '${input + 1}', sleep_ms: 10 },
  })),
  edges: [
    { from: 'one', to: 'two' },
    { from: 'two', to: 'three' },
    { from: 'three', to: 'four' },
    { from: 'four', to: 'five' },
  ],
};

/** Ordered: children before their parents. */
export const loadSegments = [
  branches,
  mapped,
  looped,
  asked,
  signalled,
  inner,
  outer,
  nested,
  rescued,
  endless,
  chain,
] as const;
