export { checkInside } from './check/check-inside.js';
export { type CheckPluginOptions, checkPlugin } from './check/check-plugin.js';
export type { CheckReport, CheckResult } from './check/check-report.js';
export {
  type BackendKit,
  backendConformance,
  backendJournalConformance,
  type OpenedBackend,
} from './conformance/backend-conformance.js';
export { type BlobsKit, blobsConformance, type OpenedBlobs } from './conformance/blobs-conformance.js';
export { jobQueueConformance } from './conformance/job-queue-conformance.js';
export { type JobQueueKit, job as sampleJob, jobs as sampleJobs } from './conformance/job-queue-desk.js';
export { journalConformance } from './conformance/journal-conformance.js';
export {
  entriesOf as sampleEntries,
  message as sampleMessage,
  messages as sampleMessages,
  otherRun as otherSampleRun,
  run as sampleRun,
} from './conformance/journal-samples.js';
export { journalUnreadableLaws } from './conformance/journal-unreadable-laws.js';
export { Collected, firstOf, type Kit, listOf, type Opened, rejectsWith, type Test } from './conformance/kit.js';
export { kvStoreConformance } from './conformance/kv-store-conformance.js';
export { pubSubConformance } from './conformance/pub-sub-conformance.js';
export { type RetentionKit, retentionConformance } from './conformance/retention-conformance.js';
export { runIndexConformance } from './conformance/run-index-conformance.js';
export type { AnyControlType, ControlInput } from './control-step.js';
export { type ControlOutcome, driveControl, type TimedOccurrence } from './drive-control.js';
export { type FuzzControlOptions, fuzzControl } from './fuzz-control.js';
export { type ManualClock, manualClock } from './manual-clock.js';
export type { PluginUse } from './plugin-in-memory.js';
export { withPoison } from './poison.js';
export { type OpenedProvider, type ProviderKit, providerConformance } from './provider-conformance.js';
export type { LogLine } from './recorded-log.js';
export { type AnyTaskType, type RunTaskOptions, runTask, type TaskOutcome } from './run-task.js';
export type { TestModel } from './test-models.js';
export type { TestFetch } from './test-outbound.js';
export type { StartOptions, TestRun } from './test-run.js';
export { type TestRuntime, type TestRuntimeOptions, testRuntime } from './test-runtime.js';
