import { natsPlugin } from './nats-plugin.js';

export type { InspectedStream, NatsInspection } from './inspection.js';
export { inspectNats } from './inspection.js';
export { type NatsBackend, type NatsBackendOptions, openNatsBackend } from './open-nats-backend.js';
export { defaultSettings, type NatsSettings } from './settings.js';

export default natsPlugin;
