export { type ApiKeyListing, KeyStore, verifyAudit } from '@llmteam/gateway';
export { type DevOptions, type RunningDev, startDev } from './start-dev.js';
