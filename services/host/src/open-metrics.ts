import type { Labels } from './bounded-labels.js';
import type { ServiceConfig } from './config.js';
import type { Metrics } from './metrics.js';

/** Imports the metrics lazily: commands have none. */
export async function openMetrics(
  labelsOfProcess: Labels,
  limits?: ServiceConfig['file']['metrics'],
): Promise<Metrics> {
  const loaded = await import('./metrics.js');
  const bounds = limits === undefined ? {} : { tenant_id: limits.max_tenants, segment_id: limits.max_segments };
  return new loaded.Metrics(labelsOfProcess, bounds);
}
