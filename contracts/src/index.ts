export { CatalogPage, CatalogType } from './api/catalog.js';
export { ProblemDetails, RequestProblem, request_parts } from './api/problem-details.js';
export { Role, roles } from './api/roles.js';
export { EventPage, RunAccepted, RunListing, RunPage } from './api/run-answers.js';
export { ControlRunBody, ForkRunBody, IdempotencyKey, SignalRunBody, StartRunBody } from './api/run-requests.js';
export { SegmentListing, SegmentPage, SegmentStored, ValidationReport } from './api/segment-answers.js';
export { ServiceState } from './api/service-state.js';
export { AnswerTaskBody, ClaimTaskBody, TaskPage } from './api/tasks.js';
export { parse_bounded_json } from './bounded-json.js';
export { type Cap, caps } from './caps.js';
export { Definition } from './definition.js';
export {
  type Code,
  ErrorInfo,
  error_codes,
  error_info,
  is_llmteam_error,
  LlmteamError,
  to_error_info,
} from './errors.js';
export { EventType, event_types, LiveToken, RunEvent, type Severity } from './events.js';
export {
  Activity,
  ChildEnded,
  Fact,
  RunControlled,
  RunEnded,
  RunRequested,
  run_level_facts,
  SignalReceived,
  StepMemoized,
  StepReported,
  StepStarted,
  TaskAnswered,
  TaskClaimed,
  TimerFired,
} from './facts.js';
export { answer_decisions, HumanTask, TaskAnswer, TaskRequest, task_id, task_types } from './human-task.js';
export { Identifier, iteration_scope, Name, PortName, StepKey, split_step_key, step_key } from './ids.js';
export { Job, queue_name } from './job.js';
export { type Json, type JsonObject, JsonRecord, JsonValue } from './json.js';
export type { ControlType, ControlView, Directive, Occurrence, Reaction } from './plugin/control-type.js';
export type {
  LanguageModel,
  ModelMessage,
  ModelProvider,
  ModelRequest,
  ModelResponse,
} from './plugin/language-model.js';
export {
  define_plugin,
  type Plugin,
  type PluginHostContext,
  PluginManifest,
  plugin_api_version,
} from './plugin/plugin.js';
export type { HttpClientConfig, KeyValueStore, Logger, StepContext } from './plugin/step-context.js';
export {
  type CelResult,
  cel_keyword,
  literal_keyword,
  PortSpec,
  StepTypeMetadata,
  step_categories,
} from './plugin/step-type.js';
export type { FiredPorts, TaskType } from './plugin/task-type.js';
export type { Backend } from './ports/backend.js';
export type { Blobs } from './ports/blobs.js';
export type { Clock, Timer } from './ports/clock.js';
export type { Consumer, Delivery, JobQueue } from './ports/job-queue.js';
export type { Entry, FollowOptions, Journal, NewEntry, Position, RunKey } from './ports/journal.js';
export type { Registry, RegistryChange, RegistryValue } from './ports/registry.js';
export type { IndexChange, Page, RunIndex, RunQuery, RunRow, TaskQuery } from './ports/run-index.js';
export { cancel_subject, live_subject, type Signals } from './ports/signals.js';
export { Problem, type ProblemCode, problem_codes } from './problem.js';
export {
  RunOutcome,
  RunResult,
  RunStatus,
  RunView,
  run_statuses,
  StepStatus,
  StepSummary,
  step_statuses,
  Usage,
} from './run.js';
export { Edge, RetryPolicy, Segment, SegmentParams, Step, StepPorts } from './segment.js';
