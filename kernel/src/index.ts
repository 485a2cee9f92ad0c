export {
  type AnnouncedType,
  AnnouncedTypes,
  type AnnouncedTypesOptions,
  announcedQueues,
  announceTypes,
} from './catalog/announced-types.js';
export { CountedWorkers } from './catalog/counted-workers.js';
export { editorSchema } from './catalog/editor-schema.js';
export {
  type LiveWorker,
  listWorkers,
  liveWorkers,
  WorkerPresence,
  type WorkerPresenceOptions,
} from './catalog/live-workers.js';
export { type CatalogEntry, type PinnedTypes, StepCatalog, type VersionChoice } from './catalog/step-catalog.js';
export { Canaries, type CanarySettings } from './definitions/canaries.js';
export { Definitions } from './definitions/definitions.js';
export type { FoldSources } from './definitions/fold-history.js';
export { foldHistory } from './definitions/fold-history.js';
export {
  type PublishedSegment,
  type PublishOptions,
  SegmentStore,
  type StoredSegment,
} from './definitions/segment-store.js';
export type { Effect, StartChild } from './engine/effects.js';
export { engineVersion, evolve, type Outcome, startRun } from './engine/evolve.js';
export type {
  CompiledExpression,
  ConfigTemplate,
  ExpressionCompiler,
  Reference,
  Variables,
} from './engine/expression.js';
export { stepOfScope } from './engine/find-step.js';
export { RunFold } from './engine/fold.js';
export { fractionOf, hash32 } from './engine/hash.js';
export { outstandingEffects } from './engine/outstanding.js';
export { compilePlan, type Plan } from './engine/plan.js';
export { replay } from './engine/replay.js';
export { isSnapshot, restoreRun, takeSnapshot } from './engine/snapshot.js';
export type { RunSnapshot } from './engine/snapshot-shape.js';
export { isEnded, type Run, type RunState } from './engine/state.js';
export type { StepType, StepTypes } from './engine/step-plan.js';
export { resultFromView, resultOf, viewRun } from './engine/view.js';
export { type CheckingCompiler, createExpressionCompiler } from './expressions/expression-compiler.js';
export { SchemaView } from './expressions/schema-view.js';
export { linksOutOf, ReadableFolders } from './isolation/readable-folders.js';
export { splitPointer } from './json/json-pointer.js';
export type { LocatePointer } from './json/locate-pointers.js';
export { parseJson } from './json/parse-json.js';
export { boundedKey } from './kv/bounded-key.js';
export { WatchedKeys, type WatchedKeysOptions } from './kv/watched-keys.js';
export { LargeValueJournal } from './large-values/large-value-journal.js';
export { guardedControl } from './plugins/guarded-control.js';
export { guardedTask } from './plugins/guarded-task.js';
export { type HostedProvider, hostedProvider, type ProviderHost } from './plugins/hosted-provider.js';
export { checkMetadata } from './plugins/metadata-check.js';
export { backendOf, openBackend } from './plugins/open-backend.js';
export { plainPlugin } from './plugins/plain-plugin.js';
export {
  type Isolation,
  type LoadedPlugin,
  PluginHost,
  type PluginHostOptions,
  type WantedPlugin,
} from './plugins/plugin-host.js';
export { countedListings, servedListings } from './plugins/plugin-listing.js';
export { type PluginPackage, readPluginPackage } from './plugins/plugin-manifest.js';
export { type Grant, ownStanding, type PluginStanding } from './plugins/plugin-standing.js';
export { checkedReaction, ends } from './plugins/reaction-check.js';
export { credentialsIn, isSecretHeader } from './redaction/credentials.js';
export { SecretRedactor } from './redaction/secret-redactor.js';
export { Retry } from './retry/retry.js';
export { followWithRetry } from './run-index/follow-with-retry.js';
export { IndexFeed, type IndexFeedOptions } from './run-index/index-feed.js';
export { announceRemoval, redactedPrefix, removedPrefix, removedRuns } from './run-index/removed-runs.js';
export { differenceFromJournal, type SameJournalDeps } from './run-index/same-journal.js';
export { eventLines } from './run-log/event-lines.js';
export { catchUpIndex } from './run-loop/index-catch-up.js';
export { type RebuildDeps, type RebuildProgress, rebuildIndex } from './run-loop/index-rebuild.js';
export { IndexWaits } from './run-loop/index-waits.js';
export { openPartitionLoop, type PartitionLoopOptions } from './run-loop/open-partition-loop.js';
export { partitionLeaseKey, partitionLeases } from './run-loop/partition-lease-key.js';
export type { LoopStatus, PartitionLoop } from './run-loop/partition-loop.js';
export { TaskFeed, taskOfFeed } from './run-loop/task-feed.js';
export { UnreadRuns } from './run-loop/unread-runs.js';
export { WaitBook, type WaitCounts, type WaitOwner } from './run-loop/wait-book.js';
export { WaitFeed } from './run-loop/wait-feed.js';
export type { WaitNote, WaitNotes } from './run-loop/wait-notes.js';
export type { RunWatcher } from './run-loop/watchers.js';
export { RunMeter, type RunMeterDeps, type RunMeterSink } from './run-meter/run-meter.js';
export { explainRun, type Surroundings } from './runs/explain-run.js';
export { copiedFacts, forkPoint } from './runs/fork.js';
export { installationSurroundings, staffOf, workforce } from './runs/installation-surroundings.js';
export { KnownStaff } from './runs/known-staff.js';
export { LastEvents } from './runs/last-events.js';
export { listWaiting } from './runs/list-waiting.js';
export { RunRemoval, type RunRemovalDeps } from './runs/run-removal.js';
export {
  createRunService,
  type ForkRequest,
  type RunService,
  type SignalOptions,
  type StartedRun,
  type StartRequest,
} from './runs/run-service.js';
export type { Actor, AnswerRequest, ClaimRequest } from './runs/run-tasks.js';
export { readSteps } from './runs/step-records.js';
export { countWaiting } from './runs/waiting-counts.js';
export { reasonsOf, type Staff } from './runs/waiting-reasons.js';
export { type DeadLetter, listDeadLetters } from './runtime/dead-letters.js';
export { type ModelCall, meteredModel } from './runtime/metered-model.js';
export type { Outbound, OutboundPolicy } from './runtime/outbound.js';
export { counterparts, covers, partsOf, sectionOf, withoutCounterpart } from './runtime/permission-cover.js';
export { ReleasedJobs } from './runtime/released-jobs.js';
export { type ResourceTenants, usableNames } from './runtime/resource-tenants.js';
export { type ResourceConfig, Resources } from './runtime/resources.js';
export { RunTimes } from './runtime/run-times.js';
export { type RunningAttempt, RunningAttempts } from './runtime/running-attempts.js';
export { WorkLoop, type WorkLoopOptions } from './runtime/work-loop.js';
export type { JobEnd, WorkObserver } from './runtime/work-observer.js';
export type { WorkerDeps } from './runtime/worker-deps.js';
export { SpareTurns, spareSlices, spareTurns } from './slices/spare-turns.js';
export { noteCopiedEntries } from './tracing/copied-entries.js';
export type { SpanExport, SpanLink, SpanRecord } from './tracing/span-record.js';
export { traceIdOf } from './tracing/trace-ids.js';
export type { RequestingSpan } from './tracing/trace-of-run.js';
export { CheckedJournal } from './unreadable/checked-journal.js';
export { type KeptMessage, listUnreadable } from './unreadable/unreadable-messages.js';
export { ClosestName } from './validation/closest-name.js';
export { contractFaults } from './validation/contract-faults.js';
export { defineSegment } from './validation/define-segment.js';
export { addFormats, makeAjv } from './validation/schemas/ajv.js';
export { validateInput } from './validation/validate-input.js';
export { validateSegment } from './validation/validate-segment.js';
export {
  jsonNotation,
  lineOf,
  locatedIn,
  parsedFrom,
  type SegmentNotation,
  type ValidatedText,
  validateText,
  validateTextInSlices,
} from './validation/validate-text.js';
export { validateValue } from './validation/validate-value.js';
export type { KnownRefs, ValidationContext } from './validation/validation-context.js';
export { isProvided, orphanedBy, pluginsNamed } from './versions/provided-versions.js';
export { readVersionReport, VersionReporter } from './versions/version-report.js';
export {
  findVersionUses,
  mergeVersionUses,
  pinnedRuns,
  type UsedVersion,
  type VersionUses,
  type VersionUsesDeps,
} from './versions/version-uses.js';
