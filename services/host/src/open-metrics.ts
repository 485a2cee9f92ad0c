import type { Labels, Metrics } from './metrics.js';

/** Loads the registry when it is asked for: commands count nothing. */
export async function open_metrics(default_labels: Labels): Promise<Metrics> {
  const loaded = await import('./metrics.js');
  return new loaded.Metrics(default_labels);
}
