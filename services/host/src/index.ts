export { AllowedHosts } from './allowed-hosts.js';
export {
  type Config,
  configFileName,
  configOf,
  findConfig,
  loadConfig,
  type ServiceConfig,
  serviceConfig,
} from './config.js';
export type { PluginEntry } from './config-plugins.js';
export { ConfigFile } from './config-schema.js';
export { type HealthServer, type JsonAnswer, serveHealth } from './health-server.js';
export { announcedTypesModule, kernelIds, kernelModule, serviceId } from './kernel-module.js';
export { Lifecycle } from './lifecycle.js';
export { listenError } from './listen-error.js';
export { loadControlPlugins, loadPlugins, type Plugins, wantedPlugin } from './load-plugins.js';
export { openIndexFile, openLocalStore } from './local-store.js';
export { openLog, openServiceLog } from './log.js';
export type { LogOptions } from './log-options.js';
export type { Metrics, Observed, Told } from './metrics.js';
export {
  guardedMetricsExposure,
  type MetricsExposure,
  type MetricsRequest,
  type MetricsText,
  openMetricsExposure,
} from './metrics-exposure.js';
export { checkModels } from './model-check.js';
export { openMetrics } from './open-metrics.js';
export { processName } from './process-name.js';
export { Recent } from './recent.js';
export { hideSecrets } from './redaction.js';
export { resourceConfig } from './resource-config.js';
export { sampledTrace } from './sampled-trace.js';
export { knownSecrets, maskedConfig, reveal, revealed } from './secrets.js';
export { serveOwnMetrics } from './serve-own-metrics.js';
export { inspectBackend, installationName, openServiceBackend, withBackend } from './service-backend.js';
export { type OpenService, runService, type ServiceEnd } from './service-process.js';
export { stepBuckets, stepDuration, stepsExecuted } from './step-series.js';
export { systemClock } from './system-clock.js';
export { isSystemError, systemReason } from './system-reason.js';
export { type ResourceNames, resourceNames } from './tenant-resources.js';
export { timerSeries } from './timer-series.js';
export { type CallerHeaders, callerSpan } from './tracing/caller-span.js';
export { noTracing, openTracing, type TracedService, type Tracing } from './tracing/tracing.js';
export { tracingSeries } from './tracing-series.js';
export { waitingSeries } from './waiting-series.js';
export { slotSeries, type WorkSeries, workSeries } from './work-series.js';
