export { type ApiKeyListing, KeyStore, verify_audit } from '@llmteam/gateway';
export { type DevOptions, type RunningDev, start_dev } from './start-dev.js';
