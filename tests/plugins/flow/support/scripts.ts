import { type ControlType, errorInfo, type Json, type Occurrence } from '@llmteam/contracts';
import plugin from '@llmteam/flow';
import { broke, cameBack, type Setting, started } from './drive.js';

export const controlTypes: readonly ControlType[] = (plugin.stepTypes ?? []).flatMap((type) =>
  type.kind === 'control' ? [type] : [],
);

/** The lifecycle of a step: its input and the occurrences until it ends. */
export interface Script extends Setting {
  readonly type: string;
  readonly told: readonly Occurrence[];
}

const error = errorInfo('HTTP_FAILED', 'no route');
const fired = (name: string): Occurrence => ({ kind: 'timer_fired', name });
const arrived = (edge: number, value: Json): Occurrence => ({ kind: 'input_arrived', port: `p${edge}`, value, edge });
const closed: Occurrence = { kind: 'inputs_closed' };
const round = (score: number): Json => ({ output: { score }, score, feedback: 'more', suggestions: ['a'] });

/** At least one lifecycle of every type, and one for each way its state grows. */
export const scripts: readonly Script[] = [
  { type: 'condition', config: { expression: 'x' }, expressions: { '/expression': true }, told: [started] },
  {
    type: 'switch',
    config: { expression: 'x', cases: [{ value: { a: [1] }, port: 'hit' }] },
    expressions: { '/expression': { a: [1] } },
    told: [started],
  },
  { type: 'parallel_split', config: { branches: 2, split: 'round_robin' }, input: [1, 2, 3], told: [started] },
  { type: 'parallel_join', config: {}, told: [started, arrived(3, 'c'), arrived(1, ['a']), closed] },
  {
    type: 'parallel_join',
    config: { merge_strategy: 'any' },
    told: [{ kind: 'branch_failed', error }, { kind: 'branch_failed', error }, closed],
  },
  { type: 'parallel_join', config: { merge_strategy: 'first' }, told: [started, arrived(1, 'a')] },
  {
    type: 'loop',
    config: { loop_type: 'foreach', items: 'x', continue_on_error: true },
    expressions: { '/items': ['a', { b: 1 }, 'c'] },
    told: [started, cameBack(0, 1), broke(1), cameBack(2, null)],
  },
  {
    type: 'loop',
    config: { loop_type: 'range', items: 'x' },
    expressions: { '/items': [5, 7] },
    told: [started, cameBack(0, 1), broke(1)],
  },
  {
    type: 'loop',
    config: { loop_type: 'while', condition: 'x', max_iterations: 2 },
    expressions: { '/condition': true },
    told: [started, cameBack(0, { n: 1 }), cameBack(1, { n: 2 })],
  },
  {
    type: 'loop',
    config: { loop_type: 'until', condition: 'x' },
    expressions: { '/condition': ({ input }) => input === 2 },
    told: [started, cameBack(0, 1), cameBack(1, 2)],
  },
  {
    type: 'map',
    config: { items: 'x', concurrency: 2, tolerate_failures: true },
    expressions: { '/items': ['a', { b: 1 }, null] },
    told: [started, cameBack(1, { r: 1 }), broke(0), cameBack(2, 2)],
  },
  {
    type: 'critic_loop',
    config: { quality_threshold: 0.9 },
    input: { topic: 'cats' },
    told: [started, cameBack(0, round(0.4)), cameBack(1, round(0.6)), cameBack(2, round(0.5)), fired('timeout')],
  },
  {
    type: 'subworkflow',
    config: { segment_ref: 'child', input_mapping: { a: 'x' }, output_mapping: { b: 'y' } },
    expressions: { '/input_mapping/a': 1, '/output_mapping/b': ({ input = null }) => input },
    told: [started, { kind: 'child_ended', status: 'completed', output: { c: 1 }, error: null }],
  },
  { type: 'delay', config: { seconds: 5 }, input: 'in', told: [started, fired('due')] },
  { type: 'delay', config: { until: '2030-01-01T00:00:00Z' }, input: 'in', told: [started, fired('due')] },
  { type: 'wait_for_signal', config: { signal: 's', timeout_seconds: 5 }, told: [started, fired('timeout')] },
  {
    type: 'human_task',
    config: {
      task_type: 'review',
      title: 'Ok?',
      escalation_chain: [
        { assignee_ref: 'a', after_hours: 1 },
        { assignee_ref: 'b', after_hours: 1 },
      ],
    },
    input: { draft: 1 },
    told: [
      started,
      fired('escalate'),
      { kind: 'task_answered', answer: { decision: 'answer', answered_by: 'ann' } },
      fired('escalate'),
      { kind: 'task_answered', answer: { decision: 'modify', value: { draft: 2 }, answered_by: 'ann' } },
    ],
  },
];

export function typeCalled(typeId: string): ControlType {
  const type = controlTypes.find(({ metadata }) => metadata.type_id === typeId);
  if (type === undefined) throw new Error(`no control type '${typeId}'`);
  return type;
}
