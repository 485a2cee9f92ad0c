import type { Clock, Logger } from '@llmteam/contracts';
import type { AllowedHosts } from '@llmteam/service-host';
import type { AuditLog } from '../audit/audit-log.js';
import type { KeyRing } from '../keys/key-ring.js';
import type { GatewayLimits } from '../limits/gateway-limits.js';
import type { TenantLimits } from '../limits/tenant-limits.js';
import type { UnreadResponses } from '../limits/unread-responses.js';
import type { GatewayMetrics } from '../metrics/gateway-metrics.js';
import type { RouteServices } from '../routes/route-services.js';

export interface HttpDeps {
  /** Passed to the route handlers. */
  readonly services: RouteServices;
  readonly hosts: AllowedHosts;
  readonly keys: KeyRing;
  readonly tenants: TenantLimits;
  readonly unread: UnreadResponses;
  readonly audit: AuditLog;
  readonly metrics: GatewayMetrics;
  readonly limits: GatewayLimits;
  readonly clock: Clock;
  readonly log: Logger;
  readonly newId: () => string;
}
