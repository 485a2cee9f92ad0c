export type { InspectedStream, NatsInspection } from './inspection.js';
export { inspect_nats } from './inspection.js';
export { type NatsBackend, type NatsBackendOptions, open_nats_backend } from './open-nats-backend.js';
export type { Retention, RetentionPolicy } from './retention.js';
export { default_settings, type NatsSettings } from './settings.js';
