import type { ConfigPlace } from './config-places.js';
import type { DraftStep } from './draft.js';
import type { Findings } from './rule.js';
import type { SegmentAnalysis } from './segment-analysis.js';

/** What the rule `values` asks of each value within a config. */
export type ValueCheck = (place: ConfigPlace, step: DraftStep, analysis: SegmentAnalysis) => Findings;
