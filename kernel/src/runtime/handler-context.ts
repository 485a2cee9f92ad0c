/**
 * Purpose: what a handler sees of its attempt. Holds nothing itself, and nothing of the runtime can be reached through it.
 * Functions are read as values, so that they work when a handler destructures its context.
 */
import type {
  HttpClientConfig,
  Json,
  JsonObject,
  KeyValueStore,
  LanguageModel,
  Logger,
  StepContext,
} from '@llmteam/contracts';
import type { Span } from '@opentelemetry/api';
import type { StepExecution } from './step-execution.js';

const inside: { open: (context: HandlerContext) => StepExecution } = {
  open: () => {
    throw new TypeError('not a context of this runtime');
  },
};

/** The attempt behind a context; for the runtime only, which is why it is not a member. */
export function executionOf(context: StepContext): StepExecution {
  return inside.open(context as HandlerContext);
}

export class HandlerContext implements StepContext {
  readonly #execution: StepExecution;

  static {
    inside.open = (context) => context.#execution;
  }

  constructor(execution: StepExecution) {
    this.#execution = execution;
  }

  get tenant_id(): string {
    return this.#execution.job.tenant_id;
  }
  get instance_id(): string {
    return this.#execution.job.instance_id;
  }
  get run_id(): string {
    return this.#execution.job.run_id;
  }
  get segment_id(): string {
    return this.#execution.job.segment_id;
  }
  get step_id(): string {
    return this.#execution.job.step_id;
  }
  get scope(): string {
    return this.#execution.job.scope;
  }
  get attempt(): number {
    return this.#execution.job.attempt;
  }
  get idempotency_key(): string {
    return this.#execution.job.idempotency_key;
  }
  get ports(): JsonObject {
    return this.#execution.arrived.ports;
  }
  get deadline(): number | null {
    return this.#execution.job.deadline_at;
  }
  get timeout_seconds(): number | null {
    return this.#execution.job.timeout_seconds;
  }
  get signal(): AbortSignal {
    return this.#execution.signal;
  }
  get log(): Logger {
    return this.#execution.handlerLog;
  }
  get span(): Span {
    return this.#execution.span;
  }
  get resources(): unknown {
    return this.#execution.entry.standing.resources();
  }
  get fetch(): StepContext['fetch'] {
    return (input, options) => this.#execution.fetch(input, options);
  }
  get llm(): (ref: string) => LanguageModel {
    return (ref) => this.#execution.llm(ref);
  }
  get client(): (ref: string) => HttpClientConfig {
    return (ref) => this.#execution.client(ref);
  }
  get store(): (ref: string) => KeyValueStore {
    return (ref) => this.#execution.store(ref);
  }
  get secret(): (ref: string) => string {
    return (ref) => this.#execution.secret(ref);
  }
  get memo(): StepContext['memo'] {
    return (name, work) => this.#execution.memo(name, work);
  }
  get evaluate(): (pointer: string) => Json {
    return (pointer) => this.#execution.evaluate(pointer);
  }
  get redact(): StepContext['redact'] {
    return (text, how) => this.#execution.redact(text, how);
  }
  get emitToken(): (text: string) => void {
    return (text) => this.#execution.emitToken(text);
  }
  get record(): StepContext['record'] {
    return (activity) => this.#execution.record(activity);
  }
  get addUsage(): StepContext['addUsage'] {
    return (usage) => this.#execution.addUsage(usage);
  }
  get heartbeat(): StepContext['heartbeat'] {
    return (progress) => this.#execution.heartbeat(progress);
  }
}
