import type { Problem } from '@llmteam/contracts';
import type { Work } from '../slices/slices.js';
import type { SegmentAnalysis } from './segment-analysis.js';

/** Yielded by a rule where it may be interrupted, at least once per step or edge it looks at. */
export const pause = Symbol('pause');

export type Findings = Iterable<Problem | typeof pause>;

/** The result of work done within a rule. */
export function* pausing<T>(work: Work<T>): Generator<typeof pause, T, void> {
  for (;;) {
    const { done, value } = work.next();
    if (done === true) return value;
    yield pause;
  }
}

/** One validation rule; yields every violation of it. No JSON value makes it throw. */
export type Rule = (analysis: SegmentAnalysis) => Findings;
