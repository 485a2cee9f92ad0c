/**
 * Purpose: the operations on runs: start, inspect, control, signal, answer tasks, fork.
 * Owns: checking a request before anything is appended, and the message ids that deduplicate it. Does not own: driving runs; it only
 * appends facts, and the process that owns the partition acts on them.
 * Invariant: a call resolves only after the journal has stored its entry.
 */
import {
  type Clock,
  type Definition,
  type Fact,
  type HumanTask,
  type Journal,
  type Json,
  type JsonObject,
  LlmteamError,
  type Page,
  type RunEvent,
  type RunExplanation,
  type RunIndex,
  type RunKey,
  type RunMetadata,
  type RunQuery,
  type RunRequested,
  type RunRow,
  type RunView,
  type Segment,
  type StepDetail,
  type StepRecord,
  type TaskQuery,
} from '@llmteam/contracts';
import type { Canaries } from '../definitions/canaries.js';
import type { Definitions } from '../definitions/definitions.js';
import { matches } from '../engine/controls.js';
import { engineVersion } from '../engine/evolve.js';
import { isEnded } from '../engine/state.js';
import { type RequestingSpan, traceOfRun } from '../tracing/trace-of-run.js';
import { validateInput } from '../validation/validate-input.js';
import type { Surroundings } from './explain-run.js';
import { forkHistory } from './fork.js';
import { Histories } from './histories.js';
import { type Actor, type AnswerRequest, type ClaimRequest, RunTasks } from './run-tasks.js';
import { SignalRoom } from './signal-room.js';
import { checkSize, checkValue } from './value-check.js';

export interface StartRequest {
  readonly tenant_id: string;
  /** Content hash of a stored definition. */
  readonly definition: string;
  readonly input: Json;
  /** Defaults to the segment's timeout; null means no limit. */
  readonly timeout_seconds?: number | null;
  readonly instance_id?: string;
  readonly correlation_id?: string;
  readonly metadata?: RunMetadata;
  /** Idempotency key: repeating an id starts no second run. Defaults to a new id. */
  readonly run_id?: string;
  /** SHA-256 of the whole request in hex, stored with the run; the same `run_id` with a different digest is refused. */
  readonly request_digest?: string;
  /** The span that requests it. Default: the run begins a trace of its own. */
  readonly span?: RequestingSpan;
}

export interface StartedRun extends RunKey {
  /** Epoch milliseconds, as recorded in the run's history unless an earlier request started the run. */
  readonly started_at: number;
}

export interface ForkRequest {
  readonly from_step: string;
  readonly input_overrides?: JsonObject;
  /** As in {@link StartRequest}. */
  readonly span?: RequestingSpan;
  /** As in {@link StartRequest}. */
  readonly run_id?: string;
  readonly request_digest?: string;
}

export interface SignalOptions {
  /** Delivers the signal only to steps that wait for this correlation, or for any. */
  readonly correlation?: string;
  /** Idempotency key: repeating an id sends no second signal. Defaults to a new id. */
  readonly id?: string;
}

export interface RunService {
  /** @throws LlmteamError `INPUT_INVALID`, `BLOB_MISSING`, `IDEMPOTENCY_CONFLICT` */
  start(request: StartRequest): Promise<StartedRun>;
  /** The request that started a run; null if there is no such run. */
  request(run: RunKey): Promise<RunRequested | null>;
  list(query: RunQuery): Promise<Page<RunRow>>;
  /** @throws LlmteamError `RUN_UNKNOWN` */
  show(run: RunKey): Promise<RunView>;
  /** Why it is where it is. @throws LlmteamError `RUN_UNKNOWN` */
  explain(run: RunKey, surroundings: Surroundings): Promise<RunExplanation>;
  /** @throws LlmteamError `RUN_UNKNOWN` */
  events(run: RunKey, fromSeq?: number): Promise<readonly RunEvent[]>;
  /** The step occurrences, those of iterations that are over included. @throws LlmteamError `RUN_UNKNOWN` */
  steps(run: RunKey): Promise<readonly StepRecord[]>;
  /** What a step occurrence got and gave. @throws LlmteamError `RUN_UNKNOWN`, `STEP_UNKNOWN` */
  step(run: RunKey, step: string): Promise<StepDetail>;
  /** @throws LlmteamError `RUN_UNKNOWN` */
  definition(run: RunKey): Promise<Definition>;
  /** Idempotent. @throws LlmteamError `RUN_UNKNOWN`, `RUN_ENDED` */
  control(run: RunKey, action: 'cancel' | 'pause' | 'resume', by: string, reason?: string): Promise<void>;
  /** @throws LlmteamError `RUN_UNKNOWN`, `RUN_ENDED`, `LIMIT_EXCEEDED`, `INPUT_INVALID` */
  signal(run: RunKey, name: string, payload: Json, options?: SignalOptions): Promise<void>;
  /** @throws LlmteamError `RUN_UNKNOWN`, `STEP_UNKNOWN`, `PORT_UNKNOWN`, `INPUT_INVALID`, `LIMIT_EXCEEDED` */
  fork(run: RunKey, request: ForkRequest): Promise<RunKey>;
  tasks(query: TaskQuery): Promise<Page<HumanTask>>;
  /** @throws LlmteamError `TASK_UNKNOWN` */
  task(tenantId: string, taskId: string): Promise<HumanTask>;
  /** @throws LlmteamError `TASK_UNKNOWN`, `TASK_CLOSED`, `TASK_CLAIMED`, `FORBIDDEN` */
  claim(tenantId: string, taskId: string, request: ClaimRequest, actor: Actor): Promise<void>;
  /** Idempotent. @throws LlmteamError `TASK_UNKNOWN`, `TASK_CLOSED`, `TASK_CLAIMED` */
  unclaim(tenantId: string, taskId: string, actor: Actor): Promise<void>;
  /** Idempotent for equal answers. @throws LlmteamError `TASK_UNKNOWN`, `TASK_CLOSED`, `TASK_CLAIMED`, `FORBIDDEN`, `ANSWER_INVALID` */
  answer(tenantId: string, taskId: string, request: AnswerRequest, actor: Actor): Promise<void>;
}

export interface RunServiceDeps {
  readonly journal: Journal;
  readonly index: RunIndex;
  readonly definitions: Definitions;
  readonly clock: Clock;
  /** Returns a new unique id. */
  readonly newId: () => string;
  /** Default: every run takes the definition that its request names. */
  readonly canaries?: Pick<Canaries, 'definitionFor'>;
  /** Whether a run that begins a trace is sampled. Default: nothing is traced. */
  readonly samples?: (traceId: string) => boolean;
  /** Where people look at a trace, with `{trace_id}` in it. Default: nowhere. */
  readonly traceUrl?: string | undefined;
}

export function createRunService(deps: RunServiceDeps): RunService {
  return new JournalRunService(deps);
}

class JournalRunService implements RunService {
  private readonly histories: Histories;
  private readonly signalRoom = new SignalRoom();
  private readonly humanTasks: RunTasks;

  constructor(private readonly deps: RunServiceDeps) {
    const { journal, index, definitions, clock, newId } = deps;
    this.histories = new Histories(journal, definitions);
    this.humanTasks = new RunTasks({ journal, index, histories: this.histories, now: () => clock.now(), newId });
  }

  async start(request: StartRequest): Promise<StartedRun> {
    const { definitions, journal, clock, newId, canaries, samples = never } = this.deps;
    const key: RunKey = { tenant_id: request.tenant_id, run_id: request.run_id ?? newId() };
    const definition = (await canaries?.definitionFor(request.definition, key.run_id)) ?? request.definition;
    const { segment } = await definitions.plan(definition);
    checkSize('the input', request.input);
    const [problem] = validateInput(segment, request.input);
    if (problem !== undefined) throw new LlmteamError('INPUT_INVALID', `input${problem.path}: ${problem.message}`);
    const fact: RunRequested = {
      type: 'run.requested',
      at: clock.now(),
      segment_id: segment.segment_id,
      definition,
      input: request.input,
      instance_id: request.instance_id ?? 'default',
      correlation_id: request.correlation_id ?? null,
      ...(request.metadata !== undefined && { metadata: request.metadata }),
      ...traceOfRun(key, request.span, samples),
      timeout_seconds: request.timeout_seconds === undefined ? defaultTimeout(segment) : request.timeout_seconds,
      engine: engineVersion,
      ...(request.request_digest !== undefined && { request_digest: request.request_digest }),
    };
    await journal.append(key, [{ message_id: 'requested', fact }]);
    if (request.request_digest !== undefined) await this.checkDigest(key, request.request_digest);
    return { ...key, started_at: fact.at };
  }

  /** If a run was requested more than once, the first request in its history wins. */
  private async checkDigest(key: RunKey, digest: string): Promise<void> {
    const first = await this.request(key);
    if (first?.request_digest === digest) return;
    throw new LlmteamError('IDEMPOTENCY_CONFLICT', `run '${key.run_id}' was started by another request`);
  }

  async request(run: RunKey): Promise<RunRequested | null> {
    for await (const { fact } of this.deps.journal.read(run)) {
      if (fact.type === 'run.requested') return fact;
      if (fact.type === 'run.redacted') return fact.request;
    }
    return null;
  }

  list(query: RunQuery): Promise<Page<RunRow>> {
    return this.deps.index.runs(query);
  }

  async show(run: RunKey): Promise<RunView> {
    const view = await this.histories.view(run);
    const { traceUrl } = this.deps;
    if (view.traced !== true || view.trace_id === undefined || traceUrl === undefined) return view;
    return { ...view, trace_url: traceUrl.replaceAll('{trace_id}', view.trace_id) };
  }

  explain(run: RunKey, surroundings: Surroundings): Promise<RunExplanation> {
    return this.histories.explain(run, surroundings);
  }

  async events(run: RunKey, fromSeq = 1): Promise<readonly RunEvent[]> {
    const events = await this.histories.events(run);
    return events.slice(Math.max(0, fromSeq - 1));
  }

  steps(run: RunKey): Promise<readonly StepRecord[]> {
    return this.histories.steps(run);
  }

  step(run: RunKey, step: string): Promise<StepDetail> {
    return this.histories.step(run, step);
  }

  async definition(run: RunKey): Promise<Definition> {
    const request = (await this.histories.outline(run))?.request ?? (await this.histories.current(run)).state.request;
    return this.deps.definitions.get(request.definition);
  }

  async control(run: RunKey, action: 'cancel' | 'pause' | 'resume', by: string, reason?: string): Promise<void> {
    const { state } = await this.histories.current(run);
    if (isEnded(state)) {
      if (action === 'cancel' && state.status === 'cancelled') return;
      throw new LlmteamError('RUN_ENDED', `run '${run.run_id}' has ended: ${state.status}`);
    }
    const isNoop = action === 'pause' ? state.status === 'paused' : action === 'resume' && state.status === 'running';
    if (isNoop) return;
    const fact = {
      type: 'run.controlled',
      at: this.deps.clock.now(),
      action,
      by,
      ...(reason !== undefined && { reason }),
    } as const;
    await this.append(run, `control:${action}:${state.seq}`, fact);
  }

  async signal(run: RunKey, name: string, payload: Json, { correlation, id }: SignalOptions = {}): Promise<void> {
    checkValue('the payload', payload);
    const { state } = await this.histories.current(run);
    if (isEnded(state)) throw new LlmteamError('RUN_ENDED', `run '${run.run_id}' has ended: ${state.status}`);
    const sent = { name, correlation: correlation ?? null };
    const isAwaited = state.waits.some((wait) => matches(sent, wait.name, wait.correlation));
    const unread = { signals: state.signals, isAwaited };
    const arrived = this.signalRoom.take(run, unread, JSON.stringify(payload).length);
    const to = correlation === undefined ? {} : { correlation };
    const fact = { type: 'signal.received', at: this.deps.clock.now(), name, payload, ...to } as const;
    await this.append(run, `signal:${id ?? this.deps.newId()}`, fact).finally(arrived);
  }

  async fork(run: RunKey, request: ForkRequest): Promise<RunKey> {
    checkValue('input_overrides', request.input_overrides ?? {});
    const { run: replayed, entries } = await this.histories.replay(run);
    const key: RunKey = { tenant_id: run.tenant_id, run_id: request.run_id ?? this.deps.newId() };
    const now = this.deps.clock.now();
    const { samples = never } = this.deps;
    const order = { ...request, trace: traceOfRun(key, request.span, samples) };
    await this.deps.journal.append(key, forkHistory(run, key, entries, replayed.plan, order, now));
    if (request.request_digest !== undefined) await this.checkDigest(key, request.request_digest);
    return key;
  }

  tasks(query: TaskQuery): Promise<Page<HumanTask>> {
    return this.deps.index.tasks(query);
  }

  async task(tenantId: string, taskId: string): Promise<HumanTask> {
    return (await this.humanTasks.open(tenantId, taskId)).task;
  }

  claim(tenantId: string, taskId: string, request: ClaimRequest, actor: Actor): Promise<void> {
    return this.humanTasks.claim(tenantId, taskId, request, actor);
  }

  unclaim(tenantId: string, taskId: string, actor: Actor): Promise<void> {
    return this.humanTasks.unclaim(tenantId, taskId, actor);
  }

  answer(tenantId: string, taskId: string, request: AnswerRequest, actor: Actor): Promise<void> {
    return this.humanTasks.answer(tenantId, taskId, request, actor);
  }

  private async append(run: RunKey, messageId: string, fact: Fact): Promise<void> {
    await this.deps.journal.append(run, [{ message_id: messageId, fact }]);
  }
}

function never(): boolean {
  return false;
}

/** 300 s unless the segment sets a timeout; null means no limit. */
function defaultTimeout({ params }: Segment): number | null {
  return params?.timeout_seconds === undefined ? 300 : params.timeout_seconds;
}
