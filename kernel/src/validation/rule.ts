import type { Problem } from '@llmteam/contracts';
import type { SegmentAnalysis } from './segment-analysis.js';

/** One validation rule; yields every violation of it. No JSON value makes it throw. */
export type Rule = (analysis: SegmentAnalysis) => Iterable<Problem>;
