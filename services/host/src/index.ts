export {
  type Config,
  config_file_name,
  find_config,
  load_config,
  type ServiceConfig,
  service_config,
} from './config.js';
export { ConfigFile } from './config-schema.js';
export { type HealthServer, serve_health } from './health-server.js';
export { Lifecycle } from './lifecycle.js';
export { load_control_plugins, load_plugins, type Plugins } from './load-plugins.js';
export { open_log } from './log.js';
export type { LogOptions } from './log-options.js';
export type { Metrics } from './metrics.js';
export { look_at_nats, type NatsInspection, open_nats, with_registry } from './nats.js';
export { open_metrics } from './open-metrics.js';
export { process_name } from './process-name.js';
export { hide_secrets } from './redaction.js';
export { resource_config } from './resource-config.js';
export { known_secrets, masked_config } from './secrets.js';
export { type OpenService, run_service, type ServiceEnd } from './service-process.js';
export { step_buckets, step_duration, steps_executed } from './step-series.js';
export { system_reason } from './system-reason.js';
