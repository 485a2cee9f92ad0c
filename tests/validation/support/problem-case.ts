import type { JsonObject, ProblemCode } from '@llmteam/contracts';
import type { ValidationContext } from '@llmteam/kernel';
import { chain, segment, step } from './segments.js';

/** A segment with a problem and the most similar one without it. */
export interface ProblemCase {
  readonly code: ProblemCode;
  readonly about: string;
  readonly severity?: 'warning' | 'info';
  readonly path: string;
  readonly wrong: JsonObject;
  /** The similar segment without the problem. */
  readonly right: JsonObject;
  readonly context?: Partial<ValidationContext>;
}

export const two = chain('a', 'b');
export const looped = (more: readonly string[] = [], ...steps: readonly JsonObject[]): JsonObject =>
  segment(
    [step('start'), step('each', { type: 'loop' }), step('work'), step('last'), ...steps],
    ['start -> each', 'each.body -> work', 'work -> each.next', 'each.done -> last', ...more],
  );
export const agent = (config: JsonObject): JsonObject =>
  segment([step('a', { type: 'llm_agent', config: { llm_ref: 'gpt4', ...config } })]);
export const reading = (expression: string): JsonObject =>
  segment([step('a'), step('b', { config: { text: `\${${expression}}` } })], ['a -> b']);
export const branches = (expression: string): JsonObject =>
  segment(
    [
      step('ask', { type: 'condition', config: { expression: 'input.ok' } }),
      step('yes'),
      step('no'),
      step('last', { config: { text: expression } }),
    ],
    ['ask.true -> yes', 'ask.false -> no', 'yes -> last', 'no -> last.extra'],
  );
export const nested = (depth: number): JsonObject => {
  const ids = Array.from({ length: depth }, (_, at) => `loop${at}`);
  const steps = [...ids.map((id) => step(id, { type: 'loop' })), step('core')];
  const edges = ids.flatMap((id, at) => {
    const inner = ids[at + 1];
    return inner === undefined
      ? [`${id}.body -> core`, `core -> ${id}.next`]
      : [`${id}.body -> ${inner}`, `${inner}.done -> ${id}.next`];
  });
  return segment(steps, edges);
};
