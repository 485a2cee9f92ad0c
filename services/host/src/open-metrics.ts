import type { Metrics } from './metrics.js';
import type { Labels } from './tally.js';

/** Imports the metrics lazily: commands have none. */
export async function openMetrics(labelsOfProcess: Labels): Promise<Metrics> {
  const loaded = await import('./metrics.js');
  return new loaded.Metrics(labelsOfProcess);
}
