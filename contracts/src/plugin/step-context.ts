import type { Span } from '@opentelemetry/api';
import type { Activity } from '../facts.js';
import type { Json, JsonObject } from '../json.js';
import type { Usage } from '../run.js';
import type { LanguageModel } from './language-model.js';

/** A handler's logger: a pino child logger, or anything with the same interface. */
export interface Logger {
  debug(fields: object, message?: string): void;
  info(fields: object, message?: string): void;
  warn(fields: object, message?: string): void;
  error(fields: object, message?: string): void;
  child(fields: object): Logger;
}

/** An HTTP service from `clients` in the configuration. Requests carry its headers and go only to its host. */
export interface HttpClientConfig {
  readonly base_url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Whether this client may reach hosts in private networks. */
  readonly allow_private_network: boolean;
}

/** Values that outlive a run, namespaced by tenant and instance. */
export interface KeyValueStore {
  get(key: string): Promise<Json | undefined>;
  set(key: string, value: Json): Promise<void>;
  delete(key: string): Promise<void>;
}

/** Everything available to a handler. Valid until the handler settles. */
export interface StepContext {
  readonly tenant_id: string;
  readonly instance_id: string;
  readonly run_id: string;
  readonly segment_id: string;
  readonly step_id: string;
  readonly scope: string;
  /** Starts at 1. */
  readonly attempt: number;
  /** The same for all attempts of this step occurrence; pass it to services that deduplicate requests. */
  readonly idempotency_key: string;
  /** Values on input ports other than `input`. */
  readonly ports: Readonly<Record<string, Json>>;
  /** Aborts when the run is cancelled, the attempt times out or the worker stops. */
  readonly signal: AbortSignal;
  /** When the run times out, in epoch milliseconds; null if it never does. */
  readonly deadline: number | null;
  /** The step's `timeout_seconds`, which the worker enforces by aborting `signal`; null if it has none. */
  readonly timeout_seconds: number | null;
  readonly log: Logger;
  readonly span: Span;
  /** @throws LlmteamError `UNKNOWN_REF` */
  llm(ref: string): LanguageModel;
  /** @throws LlmteamError `UNKNOWN_REF` */
  client(ref: string): HttpClientConfig;
  /** @throws LlmteamError `UNKNOWN_REF` */
  store(ref: string): KeyValueStore;
  /** Only secrets named in the step type's permissions. @throws LlmteamError `UNKNOWN_REF` */
  secret(ref: string): string;
  /**
   * Runs `work` and journals its result; a later attempt, or a redelivery of this one, gets that result without running
   * `work` again.
   */
  memo<T extends Json>(name: string, work: () => Promise<T>): Promise<T>;
  /**
   * Evaluates the string at a JSON Pointer of the config that the schema marks `x-cel`, or fills in the one it marks
   * `x-template`. @throws LlmteamError `EXPRESSION_FAILED`; `STEP_CONFIG_INVALID` for a `{name}` that the input does not have
   */
  evaluate(pointer: string): Json;
  /**
   * The text without configured secrets. Only for a text of which a part is kept, before it is cut: what a handler returns, throws,
   * records or streams is searched for whole secrets anyway. With `isCut`, the text is the beginning of a longer one, and what may be
   * the beginning of a secret at its end is left out.
   */
  redact(text: string, how?: { readonly isCut?: boolean }): string;
  /** Streams text to live subscribers. Best effort. */
  emitToken(text: string): void;
  /** Records an activity as an event of the run; journaled with the report. @throws LlmteamError `STEP_RESULT_INVALID` */
  record(activity: Omit<Activity, 'at'>): void;
  /** Adds to the run's usage. */
  addUsage(usage: Usage): void;
  /** Renews the job's lease; the worker does this automatically as long as its event loop is not blocked. */
  heartbeat(progress?: JsonObject): void;
}
