import type { AuditLog } from './audit/audit-log.js';
import type { Followers } from './following/followers.js';
import type { Streams } from './following/streams.js';
import type { KeyRing } from './keys/key-ring.js';
import type { GatewayLimits } from './limits.js';
import type { GatewayMetrics } from './metrics/gateway-metrics.js';
import type { GatewayOptions } from './options.js';
import type { TenantLimits } from './tenant-limits.js';

/** What handlers work with. */
export interface Services extends Omit<GatewayOptions, 'limits'> {
  readonly limits: GatewayLimits;
  readonly keys: KeyRing;
  readonly audit: AuditLog;
  readonly followers: Followers;
  readonly streams: Streams;
  readonly tenants: TenantLimits;
  readonly metrics: GatewayMetrics;
  /** Everything is known that must be before a request is answered. */
  readonly isOpen: () => boolean;
  /** The OpenAPI document, as text. */
  readonly document: string;
}
