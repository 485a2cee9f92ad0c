export {
  type ApiKeyListing,
  type AuditVerdict,
  auditEntries,
  auditSeals,
  KeyStore,
  keyListingOf,
  verifyAudit,
} from '@llmteam/gateway';
export { type DevOptions, type RunningDev, startDev } from './start-dev.js';
