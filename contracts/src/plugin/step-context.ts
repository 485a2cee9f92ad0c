import type { Span } from '@opentelemetry/api';
import type { Activity } from '../facts.js';
import type { Json, JsonObject } from '../json.js';
import type { Usage } from '../usage.js';
import type { LanguageModel } from './language-model.js';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** A handler's logger: a pino child logger, or anything with the same interface. */
export interface Logger {
  debug(fields: object, message?: string): void;
  info(fields: object, message?: string): void;
  warn(fields: object, message?: string): void;
  error(fields: object, message?: string): void;
  child(fields: object): Logger;
  /** Whether lines of this level are written now: to spare the making of those that are not. Absent: they may be. */
  isLevelEnabled?(level: LogLevel): boolean;
}

/** An HTTP service from `clients` in the configuration. Requests carry its headers and go only to its host. */
export interface HttpClientConfig {
  readonly base_url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Whether this client may reach hosts in private networks. */
  readonly allow_private_network: boolean;
}

/**
 * Values that outlive a run, namespaced by tenant and instance. Every local process has its own: `run` beside `run`, and `dev`, see different
 * values. All runs share them in one `dev`, or on NATS.
 */
export interface KeyValueStore {
  get(key: string): Promise<Json | undefined>;
  set(key: string, value: Json): Promise<void>;
  delete(key: string): Promise<void>;
}

/** What `context.fetch` takes besides the members of the standard `RequestInit`. */
export interface FetchOptions extends RequestInit {
  /**
   * A name from `clients` in the configuration: the URL is then a path below its `base_url`, its headers are sent along, and redirects
   * stay at its origin.
   */
  readonly client?: string;
}

/**
 * The standard `fetch`, guarded: it reaches only hosts that the plugin declares and the operator grants, never a private network by
 * accident, redirects included; it ends with the attempt and carries its trace. The request's body is buffered, the response's is streamed.
 * @throws LlmteamError `PERMISSION_DENIED`, `EGRESS_BLOCKED`, `UNKNOWN_REF`, `HTTP_FAILED`; `STEP_TIMEOUT` or `CANCELLED` once the attempt is over
 */
export type GuardedFetch = (input: string | URL | Request, options?: FetchOptions) => Promise<Response>;

/**
 * Everything available to a handler. Valid until the handler settles. Its members may be destructured: `run({ fetch, log }, config)`.
 * Using what the plugin does not declare, or the operator does not grant, throws `PERMISSION_DENIED` and names it.
 */
export interface StepContext<Resources = unknown> {
  readonly tenant_id: string;
  /** Part of the names of stored values, besides the tenant: that of whoever started the run, `default` if they named none. */
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
  /** What the plugin's `start` returned. */
  readonly resources: Resources;
  readonly fetch: GuardedFetch;
  /** @throws LlmteamError `UNKNOWN_REF`, `PERMISSION_DENIED` */
  llm(ref: string): LanguageModel;
  /** @throws LlmteamError `UNKNOWN_REF`, `PERMISSION_DENIED` */
  client(ref: string): HttpClientConfig;
  /** @throws LlmteamError `UNKNOWN_REF`, `PERMISSION_DENIED` */
  store(ref: string): KeyValueStore;
  /** @throws LlmteamError `UNKNOWN_REF`, `PERMISSION_DENIED` */
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
  /** Adds to the run's usage. @throws LlmteamError `STEP_RESULT_INVALID` unless all are numbers ≥ 0, and tokens are whole ones */
  addUsage(usage: Usage): void;
  /**
   * Tells whoever watches the run how far the attempt is, e.g. `{ done: 3, total: 10 }`; best effort, the latest wins, at most 64 KB. Also
   * renews the job's lease, which the worker does anyway as long as its event loop is not blocked. @throws LlmteamError `STEP_RESULT_INVALID`
   */
  heartbeat(progress?: JsonObject): void;
}
