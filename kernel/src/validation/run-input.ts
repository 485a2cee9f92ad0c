import type { DraftStep } from './draft.js';
import type { SegmentAnalysis } from './segment-analysis.js';

/** Whether the step's input is that of the run: it is the first step, and no edge leads to it. */
export function readsRunInput(step: DraftStep, { draft, graph }: Pick<SegmentAnalysis, 'draft' | 'graph'>): boolean {
  return (
    step.step_id !== null && step.step_id === draft.entrypoint && (graph?.graph.incoming[step.index] ?? []).length === 0
  );
}
