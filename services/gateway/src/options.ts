import type { Clock, Journal, KvStore, Logger, PubSub, RunIndex } from '@llmteam/contracts';
import type { Definitions, KnownRefs, RunService, SegmentStore, StepCatalog, ValidationContext } from '@llmteam/kernel';
import type { Metrics } from '@llmteam/service-host';
import type { GatewayLimits } from './limits/gateway-limits.js';

/** All a gateway works with. The embedded composition and the one on NATS give the same things. */
export interface GatewayOptions {
  readonly runs: RunService;
  readonly segments: SegmentStore;
  readonly definitions: Definitions;
  readonly catalog: StepCatalog;
  readonly compiler: ValidationContext['compiler'];
  /** Large values resolved. */
  readonly journal: Journal;
  readonly index: RunIndex;
  readonly kv: KvStore;
  readonly pubSub: PubSub;
  readonly clock: Clock;
  readonly log: Logger;
  readonly newId: () => string;
  /** The resources that are configured; the segments of the tenant are added here. */
  readonly refs: Omit<KnownRefs, 'segment_ref'>;
  /** Workers that serve a version of a type now. */
  readonly liveWorkers: (typeId: string, version: string) => number;
  /** What must be done before requests are served; the port is open meanwhile, and says that it is not ready. */
  readonly prepare?: () => Promise<void>;
  /** Backend and index are up. */
  readonly isReady: () => boolean;
  /** Of the process: the series of the gateway are added to them. Default: there are no others. */
  readonly processMetrics?: Pick<Metrics, 'registry'>;
  /** Version of the product. */
  readonly version: string;
  readonly limits?: Partial<GatewayLimits>;
  /** Origins of web pages that may use the API, exactly as browsers send them. Default: none. */
  readonly origins?: readonly string[];
  /**
   * The entries that runs are counted by. Default: the journal's own `follow`, every entry. A gateway beside others may be given the
   * run-level entries only; then attempts of steps are counted elsewhere.
   */
  readonly followRuns?: Journal['follow'];
}
