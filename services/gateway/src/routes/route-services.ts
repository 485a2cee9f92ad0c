import type { RunRemoval } from '@llmteam/kernel';
import type { Streams } from '../following/streams.js';
import type { MetricsPage } from '../metrics/metrics-page.js';
import type { AuditTrail } from '../use-cases/audit-trail.js';
import type { CatalogQueries } from '../use-cases/catalog-queries.js';
import type { HumanTasks } from '../use-cases/human-tasks.js';
import type { PluginQueries } from '../use-cases/plugin-queries.js';
import type { Readiness } from '../use-cases/readiness.js';
import type { RunControl } from '../use-cases/run-control.js';
import type { RunQueries } from '../use-cases/run-queries.js';
import type { RunStarts } from '../use-cases/run-starts.js';
import type { TenantKeys } from '../use-cases/tenant-keys.js';
import type { TenantSegments } from '../use-cases/tenant-segments.js';

/** The use cases and values that route handlers call. */
export interface RouteServices {
  readonly segments: TenantSegments;
  readonly catalog: CatalogQueries;
  readonly plugins: PluginQueries;
  readonly runStarts: RunStarts;
  readonly runQueries: RunQueries;
  readonly runControl: RunControl;
  readonly runRemoval: RunRemoval;
  readonly tasks: HumanTasks;
  readonly keys: TenantKeys;
  readonly auditTrail: AuditTrail;
  readonly streams: Streams;
  readonly readiness: Readiness;
  readonly metrics: MetricsPage;
  /** Web origins that may use the API, exactly as browsers send them. */
  readonly origins: readonly string[];
  /** The product version. */
  readonly version: string;
  /** The OpenAPI document as JSON text. */
  readonly document: { json(): Buffer };
}
