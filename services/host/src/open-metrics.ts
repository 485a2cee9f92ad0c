import type { Metrics } from './metrics.js';
import type { Labels } from './tally.js';

/** Loads the registry when it is asked for: commands count nothing. */
export async function openMetrics(labelsOfProcess: Labels): Promise<Metrics> {
  const loaded = await import('./metrics.js');
  return new loaded.Metrics(labelsOfProcess);
}
