import type { Span } from '@opentelemetry/api';
import type { Activity } from '../facts.js';
import type { Json, JsonObject } from '../json.js';
import type { Usage } from '../run.js';
import type { LanguageModel } from './language-model.js';

/** Where log lines of a handler go: pino's child logger, or anything of its shape. */
export interface Logger {
  debug(fields: object, message?: string): void;
  info(fields: object, message?: string): void;
  warn(fields: object, message?: string): void;
  error(fields: object, message?: string): void;
  child(fields: object): Logger;
}

/** An HTTP service from the `clients` of the configuration. Requests to it carry its headers, and go to its host only. */
export interface HttpClientConfig {
  readonly base_url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Hosts inside private networks that this client may reach. */
  readonly allow_private_network: boolean;
}

/** Values that outlive a run, namespaced by tenant and instance. */
export interface KeyValueStore {
  get(key: string): Promise<Json | undefined>;
  set(key: string, value: Json): Promise<void>;
  delete(key: string): Promise<void>;
}

/** All that a handler may know and use. Valid until the handler settles. */
export interface StepContext {
  readonly tenant_id: string;
  readonly instance_id: string;
  readonly run_id: string;
  readonly segment_id: string;
  readonly step_id: string;
  readonly scope: string;
  /** From 1. */
  readonly attempt: number;
  /** The same for all attempts of this step occurrence: give it to services that can tell a repeat. */
  readonly idempotency_key: string;
  /** Values on input ports other than `input`. */
  readonly ports: Readonly<Record<string, Json>>;
  /** Aborts when the run is cancelled, the attempt times out or the worker stops. */
  readonly signal: AbortSignal;
  /** Epoch milliseconds; null: none. */
  readonly deadline: number | null;
  readonly log: Logger;
  readonly span: Span;
  /** @throws LlmteamError `UNKNOWN_REF` */
  llm(ref: string): LanguageModel;
  /** @throws LlmteamError `UNKNOWN_REF` */
  client(ref: string): HttpClientConfig;
  /** @throws LlmteamError `UNKNOWN_REF` */
  store(ref: string): KeyValueStore;
  /** Only secrets the step type's permissions name. @throws LlmteamError `UNKNOWN_REF` */
  secret(ref: string): string;
  /**
   * Runs `work` and journals what it gives; a later attempt, or a repeat of this one on another worker, is given that value
   * without running `work` again.
   */
  memo<T extends Json>(name: string, work: () => Promise<T>): Promise<T>;
  /** Value of the expression at a JSON Pointer of the config (strings marked `x-cel`). @throws LlmteamError `EXPRESSION_FAILED` */
  evaluate(pointer: string): Json;
  /** Shows text as it is written to whoever watches. Best effort. */
  emitToken(text: string): void;
  /** Records something the handler did as an event of the run, written with the report. */
  record(activity: Omit<Activity, 'at'>): void;
  /** Adds to what the run used. */
  addUsage(usage: Usage): void;
  /** Tells the queue that the attempt is alive; the worker does so by itself while the handler's event loop runs. */
  heartbeat(progress?: JsonObject): void;
}
