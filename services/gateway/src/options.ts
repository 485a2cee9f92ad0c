import type { Clock, Journal, KvStore, Logger, PubSub, RunIndex } from '@llmteam/contracts';
import type { Definitions, RunService, SegmentStore, Staff, StepCatalog, Surroundings } from '@llmteam/kernel';
import type { Metrics } from '@llmteam/service-host';
import type { AuditSeals } from './audit/audit-seals.js';
import type { GatewayLimits } from './limits/gateway-limits.js';
import type { LiveWorkerCount } from './use-cases/catalog-queries.js';
import type { LoadedPlugins } from './use-cases/plugin-queries.js';
import type { NotReady } from './use-cases/readiness.js';
import type { RefsOfTenant } from './use-cases/tenant-segments.js';

/** A gateway in the process of a runtime: the parts of the runtime, and settings. */
export interface GatewayOptions {
  readonly runs: RunService;
  readonly segments: SegmentStore;
  readonly definitions: Definitions;
  readonly catalog: StepCatalog;
  /** Large values are resolved. */
  readonly journal: Journal;
  readonly index: RunIndex;
  readonly kv: KvStore;
  readonly pubSub: PubSub;
  readonly clock: Clock;
  readonly log: Logger;
  readonly newId: () => string;
  readonly refs: RefsOfTenant;
  /** Default: without a key. */
  readonly auditSeals?: AuditSeals;
  readonly liveWorkers: LiveWorkerCount;
  readonly loadedPlugins: LoadedPlugins;
  /** Who works on the runs. */
  readonly surroundings: Surroundings;
  readonly staff: Staff;
  /** Why backend or index cannot serve requests; empty if they can. */
  readonly notReady: NotReady;
  /** The metrics of the process, to which the gateway adds its own. */
  readonly processMetrics: Metrics;
  /** The product version. */
  readonly version: string;
  readonly limits?: Partial<GatewayLimits>;
  /** Web origins that may use the API, exactly as browsers send them. Default: none. */
  readonly origins?: readonly string[];
  /** Names that requests may have in `Host` besides those of a loopback address. Default: none, or every name on other addresses. */
  readonly hosts?: readonly string[];
  /** What `/metrics` requires to show all labels. Default: null, it is open and shows none that name tenants or segments. */
  readonly metricsToken?: string | null;
}
