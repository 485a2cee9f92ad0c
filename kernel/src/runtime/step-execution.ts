/**
 * Purpose: one attempt of one task step while its handler runs: what the handler is given, and what is collected from it.
 * Owns: the abort signal, activities, usage, memos. Made to cost little: what a handler does not ask for is not made.
 * Invariant: after `close` nothing the handler still does has an effect.
 */
import {
  type Activity,
  type HttpClientConfig,
  type Job,
  type Json,
  type JsonObject,
  type KeyValueStore,
  type LanguageModel,
  type LiveToken,
  LlmteamError,
  type Logger,
  live_subject,
  type StepContext,
  type Usage,
} from '@llmteam/contracts';
import { type Span, trace } from '@opentelemetry/api';
import type { CatalogEntry } from '../catalog/step-catalog.js';
import { size_fault } from '../large-values/rough-size.js';
import { job_variables } from './job-variables.js';
import { json_fault } from './json-guard.js';
import type { WorkerPorts } from './worker-ports.js';

export class StepExecution implements StepContext {
  private aborter: AbortController | null = null;
  private abort_reason: LlmteamError | null = null;
  private made_log: Logger | null = null;
  private made_span: Span | null = null;
  private is_closed = false;
  private collected_activities: Activity[] | null = null;
  private collected_usage: Usage | null = null;
  private memos: Record<string, Json> | null = null;

  constructor(
    private readonly ports_of_worker: WorkerPorts,
    readonly job: Job,
    private readonly entry: CatalogEntry,
    private readonly beat: () => void,
    /** What earlier deliveries of this attempt may have recorded must be read first. */
    private readonly is_redelivered: boolean,
  ) {}

  get tenant_id(): string {
    return this.job.tenant_id;
  }
  get instance_id(): string {
    return this.job.instance_id;
  }
  get run_id(): string {
    return this.job.run_id;
  }
  get segment_id(): string {
    return this.job.segment_id;
  }
  get step_id(): string {
    return this.job.step_id;
  }
  get scope(): string {
    return this.job.scope;
  }
  get attempt(): number {
    return this.job.attempt;
  }
  get idempotency_key(): string {
    return this.job.idempotency_key;
  }
  get ports(): JsonObject {
    return this.job.ports ?? {};
  }
  get deadline(): number | null {
    return this.job.deadline_at;
  }

  get signal(): AbortSignal {
    this.aborter ??= new AbortController();
    if (this.abort_reason !== null) this.aborter.abort(this.abort_reason);
    return this.aborter.signal;
  }

  get log(): Logger {
    const { run_id, step_id, scope, attempt, tenant_id } = this.job;
    this.made_log ??= this.ports_of_worker.log.child({ run_id, step_id, scope, attempt, tenant_id });
    return this.made_log;
  }

  get span(): Span {
    this.made_span ??= trace.getTracer('llmteam').startSpan(`step ${this.job.step_id}`, {
      attributes: { 'llmteam.run_id': this.job.run_id, 'llmteam.step_type': this.job.step_type },
    });
    return this.made_span;
  }

  llm(ref: string): LanguageModel {
    return this.ports_of_worker.resources.llm(ref);
  }

  client(ref: string): HttpClientConfig {
    return this.ports_of_worker.resources.client(ref);
  }

  store(ref: string): KeyValueStore {
    const { resources, registry } = this.ports_of_worker;
    resources.check_store(ref);
    const { tenant_id, instance_id } = this.job;
    const key_of = (key: string): string => `stores/${ref}/${tenant_id}/${instance_id}/${key}`;
    return {
      get: async (key) => (await registry.get(key_of(key)))?.value,
      set: async (key, value) => void (await registry.put(key_of(key), value)),
      delete: (key) => registry.delete(key_of(key)),
    };
  }

  secret(ref: string): string {
    return this.ports_of_worker.resources.secret(ref, this.entry.metadata.permissions);
  }

  async memo<T extends Json>(name: string, work: () => Promise<T>): Promise<T> {
    const memos = await this.known_memos();
    if (Object.hasOwn(memos, name)) return memos[name] as T;
    const value = await work();
    const fault = json_fault(value) ?? size_fault(value);
    if (fault !== null) throw new LlmteamError('STEP_RESULT_INVALID', `memo '${name}': ${fault}`);
    if (this.is_closed) throw this.abort_reason ?? new LlmteamError('CANCELLED', 'the attempt is over');
    const { journal, clock } = this.ports_of_worker;
    const { step, attempt } = this.job;
    const fact = { type: 'step.memoized', at: clock.now(), step, attempt, name, value } as const;
    await journal.append(this.job, [{ message_id: `memo:${step}#${attempt}:${name}`, fact }]);
    memos[name] = value;
    return value;
  }

  private async known_memos(): Promise<Record<string, Json>> {
    if (this.memos !== null) return this.memos;
    const memos: Record<string, Json> = { ...this.job.memos };
    if (this.is_redelivered) {
      for await (const { fact } of this.ports_of_worker.journal.read(this.job)) {
        if (fact.type === 'step.memoized' && fact.step === this.job.step) memos[fact.name] = fact.value;
      }
    }
    this.memos ??= memos;
    return this.memos;
  }

  evaluate(pointer: string): Json {
    const { compiler } = this.ports_of_worker;
    const template = compiler.template(this.job.config, this.entry.metadata.config_schema);
    const expression = template.expressions.get(pointer);
    if (expression === undefined) throw new TypeError(`'${pointer}' of the config is not marked as an expression`);
    return expression.evaluate(job_variables(this.job));
  }

  emit_token(text: string): void {
    if (this.is_closed) return;
    const { run_id, step_id, scope, attempt } = this.job;
    const token: LiveToken = { event_type: 'llm.token', run_id, step_id, scope, attempt, text };
    this.ports_of_worker.signals.publish(live_subject(run_id), token);
  }

  record(activity: Omit<Activity, 'at'>): void {
    if (this.is_closed) return;
    this.collected_activities ??= [];
    this.collected_activities.push({ ...activity, at: this.ports_of_worker.clock.now() });
  }

  add_usage(usage: Usage): void {
    const before = this.collected_usage ?? { input_tokens: 0, output_tokens: 0 };
    const has_cost = usage.cost_usd !== undefined || before.cost_usd !== undefined;
    this.collected_usage = {
      input_tokens: before.input_tokens + usage.input_tokens,
      output_tokens: before.output_tokens + usage.output_tokens,
      ...(has_cost && { cost_usd: (before.cost_usd ?? 0) + (usage.cost_usd ?? 0) }),
    };
  }

  heartbeat(): void {
    if (!this.is_closed) this.beat();
  }

  /** What the handler recorded, for the report. */
  collected(): { usage?: Usage; activities?: Activity[] } {
    return {
      ...(this.collected_usage !== null && { usage: this.collected_usage }),
      ...(this.collected_activities !== null && { activities: this.collected_activities }),
    };
  }

  abort(reason: LlmteamError): void {
    this.abort_reason ??= reason;
    this.aborter?.abort(this.abort_reason);
  }

  close(): void {
    this.is_closed = true;
    this.made_span?.end();
  }
}
