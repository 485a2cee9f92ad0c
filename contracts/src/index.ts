export { AuditEntry, AuditEntryPage } from './api/audit.js';
export { CatalogPage, CatalogType } from './api/catalog.js';
export { CreateKeyBody, KeyCreated, KeyIdentity, KeyListing, KeyPage } from './api/keys.js';
export { PluginListing, PluginPage, VersionUse } from './api/plugins.js';
export { ProblemDetails, RequestProblem, requestParts } from './api/problem-details.js';
export { Role, roles } from './api/roles.js';
export { EventPage, RunAccepted, RunListing, RunPage, StepPage } from './api/run-answers.js';
export { ControlRunBody, ForkRunBody, IdempotencyKey, SignalRunBody, StartRunBody } from './api/run-requests.js';
export { SegmentListing, SegmentPage, SegmentStored, ValidationReport } from './api/segment-answers.js';
export { ServiceIndex, ServiceState } from './api/service-state.js';
export { AnswerTaskBody, ClaimTaskBody, TaskPage } from './api/tasks.js';
export { parseBoundedJson } from './bounded-json.js';
export { type Cap, caps } from './caps.js';
export { Definition } from './definition.js';
export {
  type Code,
  ErrorInfo,
  errorCodes,
  errorInfo,
  isLlmteamError,
  LlmteamError,
} from './errors.js';
export { type EventPayloads, eventCatalog } from './event-catalog.js';
export {
  EventType,
  endsRun,
  eventTypes,
  type LiveMessage,
  LiveProgress,
  LiveToken,
  RunEvent,
  type RunEventOf,
  runEndingEvents,
  type Severity,
} from './events.js';
export {
  Activity,
  ChildEnded,
  Fact,
  RunControlled,
  RunEnded,
  RunRedacted,
  RunRequested,
  runLevelFacts,
  SignalReceived,
  StepMemoized,
  StepReported,
  StepStarted,
  TaskAnswered,
  TaskClaimed,
  TaskUnclaimed,
  TimerFired,
} from './facts.js';
export { answerDecisions, HumanTask, TaskAnswer, TaskRequest, taskId, taskTypes } from './human-task.js';
export {
  Identifier,
  iterationScope,
  Name,
  PortName,
  StepKey,
  splitIterationScope,
  splitStepKey,
  stepKey,
} from './ids.js';
export { Job, queueName } from './job.js';
export { forbiddenKeys, type Json, type JsonObject, JsonRecord, JsonValue } from './json.js';
export { jsonNumberFault } from './json-number.js';
export type {
  BackendContext,
  BackendFinding,
  BackendInspection,
  BackendType,
  RunIndexFile,
  RunIndexFileOptions,
} from './plugin/backend-type.js';
export type { ControlType, ControlView, Directive, InnerStep, Occurrence, Reaction } from './plugin/control-type.js';
export type {
  LanguageModel,
  ModelMessage,
  ModelPart,
  ModelProvider,
  ModelRequest,
  ModelResponse,
  ModelTool,
  ProviderContext,
  ToolCall,
} from './plugin/language-model.js';
export { messageText } from './plugin/message-text.js';
export {
  type PermissionKind,
  Permissions,
  permissionKinds,
  permissionList,
} from './plugin/permissions.js';
export {
  type Plugin,
  type PluginHostContext,
  PluginManifest,
  pluginApiVersion,
} from './plugin/plugin.js';
export type {
  FetchOptions,
  GuardedFetch,
  HttpClientConfig,
  KeyValueStore,
  Logger,
  LogLevel,
  StepContext,
} from './plugin/step-context.js';
export {
  type CelResult,
  celKeyword,
  configKeywords,
  expectedKeyword,
  innerConfigKeyword,
  literalKeyword,
  PortSpec,
  type SchemaUse,
  type StepTypeDescription,
  StepTypeMetadata,
  schemaKeyword,
  stepCategories,
  templateKeyword,
} from './plugin/step-type.js';
export type { FiredPorts, TaskType } from './plugin/task-type.js';
export type { Backend } from './ports/backend.js';
export type { Blobs } from './ports/blobs.js';
export type { Clock, Timer } from './ports/clock.js';
export { closedError } from './ports/closed-error.js';
export type { Consumer, Delivery, JobQueue, QueueDepth } from './ports/job-queue.js';
export type {
  Entry,
  FollowOptions,
  Journal,
  NewEntry,
  Position,
  RunKey,
  UnreadableMessage,
} from './ports/journal.js';
export type { KvChange, KvEntry, KvStore } from './ports/kv-store.js';
export { cancelSubject, liveSubject, type PubSub } from './ports/pub-sub.js';
export { readableParts } from './ports/readable-parts.js';
export type { Retention, RetentionPolicy } from './ports/retention.js';
export type { IndexChange, Page, RunIndex, RunQuery, RunRow, TaskQuery } from './ports/run-index.js';
export { runsPerIdPrefix } from './ports/run-index.js';
export { Problem, type ProblemCode, problemCodes } from './problem.js';
export {
  RunOutcome,
  RunResult,
  RunStatus,
  RunView,
  runStatuses,
  StepDetail,
  StepRecord,
  StepStatus,
  StepSummary,
  stepStatuses,
} from './run.js';
export { ReasonName, RunExplanation, RunReason, reasonNames } from './run-explanation.js';
export { MetadataKey, MetadataValue, RunMetadata } from './run-metadata.js';
export { RunTrace } from './run-trace.js';
export type { RunWaits, WaitMatch } from './run-waits.js';
export { Edge, RetryPolicy, Segment, SegmentParams, Step, StepPorts } from './segment.js';
export { type RedactText, toErrorInfo } from './thrown-error.js';
export { noUsage, Usage, usageSum } from './usage.js';
export { WaitingFor } from './waiting-for.js';
