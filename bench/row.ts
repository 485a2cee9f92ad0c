import type { Spread } from './measure.js';

/** One measurement in the report. */
export interface Row {
  /** Key in `--json`. */
  readonly key: string;
  readonly question: string;
  readonly unit: 'ms' | 'steps/s' | 'runs/s' | 'rows/s' | 'ratio' | 'MB' | 'bytes';
  readonly measured: Spread;
  /** The baseline, measured in the same run; null if there is none. */
  readonly floor: Spread | null;
  /** As in the performance budget. */
  readonly target: string;
  readonly isMet: boolean;
}
