/**
 * Purpose: one attempt of a task step: what its handler may use, and what it has recorded. The handler sees it as a HandlerContext.
 * Owns: the abort signal, activities, usage, memos, tokens, the latter two without secrets. All of them are created lazily, so an attempt
 * that uses none of them stays cheap.
 * Invariant: after `close`, nothing the handler still does has an effect.
 */
import {
  type Activity,
  caps,
  type ErrorInfo,
  type FetchOptions,
  type GuardedFetch,
  type HttpClientConfig,
  type Job,
  type Json,
  type JsonObject,
  type KeyValueStore,
  type LanguageModel,
  type LiveProgress,
  type LiveToken,
  LlmteamError,
  type Logger,
  liveSubject,
  noUsage,
  type Timer,
  type Usage,
  usageSum,
} from '@llmteam/contracts';
import { type Context, context, type Span, SpanStatusCode, trace } from '@opentelemetry/api';
import type { ArrivedValues } from '../catalog/port-check.js';
import type { CatalogEntry } from '../catalog/step-catalog.js';
import { sizeFault } from '../large-values/rough-size.js';
import { jsonCopy } from '../plugins/json-copy.js';
import { TokenRedactor } from '../redaction/token-redactor.js';
import { attemptContext } from '../tracing/attempt-context.js';
import { tracedModel } from '../tracing/traced-model.js';
import { checkedActivity } from './checked-activity.js';
import { checkedUsage } from './checked-usage.js';
import { jobVariables } from './job-variables.js';
import { jsonFault } from './json-guard.js';
import { meteredModel } from './metered-model.js';
import type { OutboundPolicy } from './outbound.js';
import { pluginLog } from './plugin-log.js';
import type { WorkerDeps } from './worker-deps.js';

/** Progress is told at most this often. */
const progressMs = 100;

export class StepExecution {
  private aborter: AbortController | null = null;
  private abortReason: LlmteamError | null = null;
  private childLog: Logger | null = null;
  private startedSpan: Span | null = null;
  private traced: Context | null = null;
  private isClosed = false;
  private collectedActivities: Activity[] | null = null;
  private collectedUsage: Usage | null = null;
  private memos: Record<string, Json> | null = null;
  private tokens: TokenRedactor | null = null;
  private latestProgress: JsonObject | null = null;
  private progressPause: Timer | null = null;
  /** Called when the handler is known to end the process. */
  onBlame: () => void = () => undefined;
  private guestLog: Logger | null = null;
  /** Ends the requests of the attempt; apart from `aborter`, because a handler that has ended need not hear of its end. */
  private requestsEnd: AbortController | null = null;

  constructor(
    private readonly deps: WorkerDeps,
    readonly job: Job,
    readonly entry: CatalogEntry,
    /** The job's config with the defaults of its schema. */
    readonly config: JsonObject,
    /** What arrived, with the defaults of ports on which nothing did. */
    readonly arrived: ArrivedValues,
    private readonly extendLease: () => void,
    /** An earlier delivery of this attempt may have recorded memos, so the history is read before the first memo. */
    private readonly isRedelivered: boolean,
  ) {}

  get signal(): AbortSignal {
    this.aborter ??= new AbortController();
    if (this.abortReason !== null) this.aborter.abort(this.abortReason);
    return this.aborter.signal;
  }

  get log(): Logger {
    const { run_id, step_id, scope, attempt, tenant_id } = this.job;
    this.childLog ??= this.deps.log.child({ run_id, step_id, scope, attempt, tenant_id });
    return this.childLog;
  }

  /** The same, for the handler. */
  get handlerLog(): Logger {
    this.guestLog ??= pluginLog(this.log);
    return this.guestLog;
  }

  get span(): Span {
    this.startedSpan ??= this.startSpan();
    return this.startedSpan;
  }

  /** The span that what the handler does belongs to: the one that it made its own, or that of the attempt. */
  get traceContext(): Context {
    this.traced ??= attemptContext(this.job);
    return this.traced;
  }

  private startSpan(): Span {
    const { run_id, tenant_id, step, step_type, attempt } = this.job;
    const attributes = {
      'llmteam.run_id': run_id,
      'llmteam.tenant_id': tenant_id,
      'llmteam.step': step,
      'llmteam.step_type': step_type,
      'llmteam.attempt': attempt,
    };
    const span = trace.getTracer('llmteam').startSpan(`handle ${step_type}`, { attributes }, this.traceContext);
    this.traced = trace.setSpan(this.traceContext, span);
    return span;
  }

  /** What the handler failed with, for its span. */
  noteFailure({ error_code, error_message }: ErrorInfo): void {
    this.startedSpan?.recordException({ name: error_code, message: error_message });
    this.startedSpan?.setStatus({ code: SpanStatusCode.ERROR, message: error_message });
  }

  llm(ref: string): LanguageModel {
    this.assertOpen();
    this.entry.permissions.require('llm', ref);
    const { resources, modelCalled, clock } = this.deps;
    const bare = resources.llm(ref, this.job.tenant_id, this.entry.plugin);
    const model = modelCalled === undefined ? bare : meteredModel(bare, clock, modelCalled);
    if (this.job.traceparent === undefined) return model;
    return tracedModel(model, { within: () => this.traceContext, recordsContent: this.deps.tracesContent === true });
  }

  client(ref: string): HttpClientConfig {
    this.assertOpen();
    this.entry.permissions.require('client', ref);
    return this.deps.resources.client(ref, this.job.tenant_id, this.entry.plugin);
  }

  store(ref: string): KeyValueStore {
    this.entry.permissions.require('store', ref);
    const { resources, kv } = this.deps;
    const { tenant_id, instance_id } = this.job;
    resources.checkStore(ref, tenant_id, this.entry.plugin);
    const openKey = (key: string): string => {
      this.assertOpen();
      return `stores/${ref}/${tenant_id}/${instance_id}/${key}`;
    };
    return {
      get: async (key) => (await kv.get(openKey(key)))?.value,
      set: async (key, value) => void (await kv.put(openKey(key), storable(key, value))),
      delete: async (key) => kv.delete(openKey(key)),
    };
  }

  secret(ref: string): string {
    this.assertOpen();
    this.entry.permissions.require('secret', ref);
    return this.deps.resources.secret(ref, this.job.tenant_id, this.entry.plugin);
  }

  /** The configured names of a kind that the handler may use. */
  usable(kind: 'llm' | 'client' | 'store' | 'secret'): string[] {
    const { resources } = this.deps;
    const { permissions } = this.entry;
    if (!permissions.allowsAny(kind)) return [];
    return resources.names(kind, this.job.tenant_id).filter((name) => permissions.fault(kind, name) === null);
  }

  /** Of a model that need not be made for it. */
  modelNames(ref: string): { provider: string; model: string } {
    return this.deps.resources.modelNames(ref);
  }

  async fetch(input: Parameters<GuardedFetch>[0], options: FetchOptions | undefined): Promise<Response> {
    if (this.isClosed || this.abortReason !== null) throw this.endReason();
    const { permissions } = this.entry;
    this.requestsEnd ??= new AbortController();
    const policy: OutboundPolicy = {
      checkHost: (host) => {
        permissions.require('network', host);
        return { mayBePrivate: permissions.grantsByName(host) };
      },
      client: (ref) => this.client(ref),
      signal: this.requestsEnd.signal,
    };
    return context.with(this.traceContext, () => this.deps.outbound(input, options, policy));
  }

  async memo<T extends Json>(name: string, work: () => Promise<T>): Promise<T> {
    const memos = await this.knownMemos();
    if (Object.hasOwn(memos, name)) return memos[name] as T;
    const made = jsonCopy(await work());
    const fault = jsonFault(made);
    // Later attempts get the redacted value, so this one does too.
    const value = fault === null ? this.deps.resources.redactor.json(made) : made;
    const refusal = fault ?? sizeFault(value);
    if (refusal !== null) throw new LlmteamError('STEP_RESULT_INVALID', `memo '${name}': ${refusal}`);
    if (this.isClosed) throw this.endReason();
    const { journal, clock } = this.deps;
    const { step, attempt } = this.job;
    const fact = { type: 'step.memoized', at: clock.now(), step, attempt, name, value } as const;
    await journal.append(this.job, [{ message_id: `memo:${step}#${attempt}:${name}`, fact }]);
    memos[name] = value;
    return value;
  }

  private async knownMemos(): Promise<Record<string, Json>> {
    if (this.memos !== null) return this.memos;
    // Without a prototype, so that every name is only a name.
    const memos: Record<string, Json> = Object.assign(Object.create(null), this.job.memos);
    if (this.isRedelivered) {
      for await (const { fact } of this.deps.journal.read(this.job)) {
        if (fact.type === 'step.memoized' && fact.step === this.job.step) memos[fact.name] = fact.value;
      }
    }
    this.memos ??= memos;
    return this.memos;
  }

  evaluate(pointer: string): Json {
    const { compiler } = this.deps;
    const template = compiler.template(this.config, this.entry.metadata.config_schema);
    const expression = template.expressions.get(pointer);
    if (expression === undefined) throw new TypeError(`'${pointer}' of the config is not marked as an expression`);
    return expression.evaluate(jobVariables(this.job, this.arrived));
  }

  /** The places of the config that `evaluate` accepts. */
  evaluable(): string[] {
    const template = this.deps.compiler.template(this.config, this.entry.metadata.config_schema);
    return [...template.expressions.keys()];
  }

  redact(text: string, { isCut = false }: { readonly isCut?: boolean } = {}): string {
    const { redactor } = this.deps.resources;
    return isCut ? redactor.cutText(text) : redactor.text(text);
  }

  emitToken(text: string): void {
    if (this.isClosed) return;
    this.tokens ??= new TokenRedactor(this.deps.resources.redactor);
    // Plain JavaScript may pass anything.
    this.publishToken(this.tokens.next(String(text)));
  }

  private publishToken(text: string): void {
    if (text === '') return;
    const { run_id, step_id, scope, attempt } = this.job;
    const token: LiveToken = { event_type: 'llm.token', run_id, step_id, scope, attempt, text };
    this.deps.pubSub.publish(liveSubject(run_id), token);
  }

  record(activity: Omit<Activity, 'at'>): void {
    if (this.isClosed) return;
    this.collectedActivities ??= [];
    const checked = checkedActivity({ ...activity, at: this.deps.clock.now() });
    this.collectedActivities.push(this.deps.resources.redactor.json(checked));
  }

  addUsage(added: Usage): void {
    if (this.isClosed) return;
    this.collectedUsage = usageSum(this.collectedUsage ?? noUsage, checkedUsage(added));
  }

  heartbeat(progress: JsonObject | undefined): void {
    if (this.isClosed) return;
    this.extendLease();
    if (progress === undefined) return;
    this.latestProgress = this.deps.resources.redactor.json(checkedProgress(progress));
    if (this.progressPause === null) this.tellProgress();
  }

  private tellProgress(): void {
    const { latestProgress: progress } = this;
    this.progressPause = null;
    if (progress === null) return;
    this.latestProgress = null;
    const { run_id, step_id, scope, attempt } = this.job;
    const message: LiveProgress = { event_type: 'step.progress', run_id, step_id, scope, attempt, progress };
    this.deps.pubSub.publish(liveSubject(run_id), message);
    if (!this.isClosed) this.progressPause = this.deps.clock.after(progressMs, () => this.tellProgress());
  }

  /** The usage and activities the handler recorded, for the report. */
  collected(): { usage?: Usage; activities?: Activity[] } {
    return {
      ...(this.collectedUsage !== null && { usage: this.collectedUsage }),
      ...(this.collectedActivities !== null && { activities: this.collectedActivities }),
    };
  }

  abort(reason: LlmteamError): void {
    this.abortReason ??= reason;
    this.aborter?.abort(this.abortReason);
    this.requestsEnd?.abort(this.abortReason);
  }

  /** What a handler still does after its attempt is over has no effect. @throws LlmteamError why it is over */
  private assertOpen(): void {
    if (this.isClosed) throw this.endReason();
  }

  private endReason(): LlmteamError {
    return this.abortReason ?? new LlmteamError('CANCELLED', 'the attempt is over');
  }

  close(): void {
    if (!this.isClosed) this.publishToken(this.tokens?.rest() ?? '');
    this.isClosed = true;
    this.progressPause?.cancel();
    this.tellProgress();
    this.requestsEnd?.abort(this.endReason());
    this.startedSpan?.end();
  }
}

/** @throws LlmteamError `STEP_RESULT_INVALID`, `LIMIT_EXCEEDED` */
function storable(key: string, given: Json): Json {
  const value = jsonCopy(given);
  const fault = jsonFault(value);
  if (fault !== null) throw new LlmteamError('STEP_RESULT_INVALID', `stored value '${key}': ${fault}`);
  const excess = sizeFault(value);
  if (excess !== null) throw new LlmteamError('LIMIT_EXCEEDED', `stored value '${key}' ${excess}`);
  return value;
}

function checkedProgress(told: JsonObject): JsonObject {
  const progress = jsonCopy(told);
  const fault = jsonFault(progress);
  if (fault !== null) throw new LlmteamError('STEP_RESULT_INVALID', `progress: it cannot be told as JSON: ${fault}`);
  const text = JSON.stringify(progress);
  if (!text.startsWith('{')) throw new LlmteamError('STEP_RESULT_INVALID', 'progress must be an object');
  const bytes = Buffer.byteLength(text);
  if (bytes <= caps.progress_bytes) return progress;
  const limit = caps.progress_bytes;
  throw new LlmteamError('LIMIT_EXCEEDED', `progress is ${bytes} bytes of JSON; at most ${limit} are allowed`);
}
