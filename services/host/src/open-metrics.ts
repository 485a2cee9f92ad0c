import type { Metrics } from './metrics.js';
import type { Labels } from './tally.js';

/** Loads the registry when it is asked for: commands count nothing. */
export async function open_metrics(labels_of_process: Labels): Promise<Metrics> {
  const loaded = await import('./metrics.js');
  return new loaded.Metrics(labels_of_process);
}
