export {
  AnnouncedTypes,
  type AnnouncedTypesOptions,
  announce_types,
  announced_queues,
} from './catalog/announced-types.js';
export { CountedWorkers } from './catalog/counted-workers.js';
export { type LiveWorker, live_workers, WorkerPresence, type WorkerPresenceOptions } from './catalog/live-workers.js';
export { type CatalogEntry, StepCatalog, type VersionChoice } from './catalog/step-catalog.js';
export { Definitions } from './definitions/definitions.js';
export {
  type PublishedSegment,
  type PublishOptions,
  SegmentStore,
  type StoredSegment,
} from './definitions/segment-store.js';
export type { Effect, StartChild } from './engine/effects.js';
export { engine_version, evolve, type Outcome, start_run } from './engine/evolve.js';
export type {
  CompiledExpression,
  ConfigTemplate,
  ExpressionCompiler,
  Reference,
  Variables,
} from './engine/expression.js';
export { fraction_of, hash32 } from './engine/hash.js';
export { outstanding_effects } from './engine/outstanding.js';
export { compile_plan, type Plan, type StepType, type StepTypes } from './engine/plan.js';
export { replay } from './engine/replay.js';
export { freeze_run, is_snapshot, thaw_run } from './engine/snapshot.js';
export type { RunSnapshot } from './engine/snapshot-shape.js';
export { is_ended, type Run, type RunState } from './engine/state.js';
export { result_from_view, result_of, view_run } from './engine/view.js';
export { create_expression_compiler } from './expressions/expression-compiler.js';
export { parse_json } from './json/parse-json.js';
export { LargeValueJournal } from './large-values/large-value-journal.js';
export { type LoadedPlugin, PluginHost, type PluginHostOptions } from './plugins/plugin-host.js';
export { type PluginPackage, read_plugin_package } from './plugins/plugin-manifest.js';
export { WatchedKeys, type WatchedKeysOptions } from './registry/watched-keys.js';
export { IndexFeed, type IndexFeedOptions } from './run-index/index-feed.js';
export { announce_removal } from './run-index/removed-runs.js';
export { catch_up_index } from './run-loop/index-catch-up.js';
export { type RebuildPorts, type RebuildProgress, rebuild_index } from './run-loop/index-rebuild.js';
export { type LoopStatus, PartitionLoop, type PartitionLoopOptions } from './run-loop/partition-loop.js';
export { Retry } from './run-loop/retry.js';
export { TaskFeed, task_of_feed } from './run-loop/task-feed.js';
export type { RunWatcher } from './run-loop/watchers.js';
export { RunMeter, type RunMeterPorts, type RunMeterSink } from './run-meter/run-meter.js';
export {
  create_run_service,
  type ForkRequest,
  type RunService,
  type SignalOptions,
  type StartedRun,
  type StartRequest,
} from './runs/run-service.js';
export { type DeadLetter, list_dead_letters } from './runtime/dead-letters.js';
export { type ResourceConfig, Resources } from './runtime/resources.js';
export { WorkLoop, type WorkLoopOptions } from './runtime/work-loop.js';
export type { JobEnd, WorkObserver } from './runtime/work-observer.js';
export type { WorkerPorts } from './runtime/worker-ports.js';
export { contract_faults } from './validation/contract-faults.js';
export { define_segment } from './validation/define-segment.js';
export { validate_input } from './validation/validate-input.js';
export { validate_segment } from './validation/validate-segment.js';
export { type ValidatedText, validate_text } from './validation/validate-text.js';
export { validate_value } from './validation/validate-value.js';
export type { KnownRefs, ValidationContext } from './validation/validation-context.js';
