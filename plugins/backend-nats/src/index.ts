export type { InspectedStream, NatsInspection } from './inspection.js';
export { inspectNats } from './inspection.js';
export { type NatsBackend, type NatsBackendOptions, openNatsBackend } from './open-nats-backend.js';
export type { Retention, RetentionPolicy } from './retention.js';
export { defaultSettings, type NatsSettings } from './settings.js';
