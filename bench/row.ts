import type { Spread } from './measure.js';

/** One question and its answer. */
export interface Row {
  /** Key in `--json`. */
  readonly key: string;
  readonly question: string;
  readonly unit: 'ms' | 'steps/s' | 'runs/s' | 'rows/s' | 'ratio' | 'MB';
  readonly measured: Spread;
  /** The raw floor, measured in the same run; null where there is none. */
  readonly floor: Spread | null;
  /** As the performance budget has it. */
  readonly target: string;
  readonly isMet: boolean;
}
