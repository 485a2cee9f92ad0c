/**
 * What a host and an isolate (a process or thread that runs the code of one plugin) say to each other, as JSON texts. An isolate runs one
 * thing at a time: an attempt, or a call of a model. Nothing an isolate says is trusted.
 */
import type {
  Activity,
  ErrorInfo,
  FiredPorts,
  HttpClientConfig,
  Json,
  JsonObject,
  ModelRequest,
  ModelResponse,
  StepContext,
  StepTypeDescription,
  Usage,
} from '@llmteam/contracts';

/** A value, or the error that asking for it throws. */
export type Outcome<T> = { readonly value: T } | { readonly error: ErrorInfo };

/** What a plugin says of itself, without its code. */
export interface PluginDescription {
  readonly name: string;
  readonly api: number;
  readonly stepTypes: readonly { readonly metadata: StepTypeDescription; readonly concurrency?: number }[];
  readonly modelProviders: readonly {
    readonly providerId: string;
    readonly description: string;
    readonly config_schema: JsonObject;
  }[];
}

/** The members of a handler's context that are data. */
export type AttemptFacts = Pick<
  StepContext,
  | 'tenant_id'
  | 'instance_id'
  | 'run_id'
  | 'segment_id'
  | 'step_id'
  | 'scope'
  | 'attempt'
  | 'idempotency_key'
  | 'ports'
  | 'deadline'
  | 'timeout_seconds'
>;

/** All that a handler can be told at once. What it may not use is not in it. */
export interface AttemptData {
  readonly facts: AttemptFacts;
  readonly config: JsonObject;
  readonly input: Json;
  /** By JSON Pointer of the config. */
  readonly evaluated: Readonly<Record<string, Outcome<Json>>>;
  readonly secrets: Readonly<Record<string, Outcome<string>>>;
  readonly clients: Readonly<Record<string, Outcome<HttpClientConfig>>>;
  readonly stores: readonly string[];
  readonly llms: Readonly<Record<string, { readonly provider: string; readonly model: string }>>;
  /** What may be used and what is granted, to say what is missing. */
  readonly plugin: string;
  readonly declared: readonly string[];
  readonly granted: 'declared' | readonly string[];
}

export type PlainModelRequest = Omit<ModelRequest, 'signal' | 'onToken' | 'redact'>;

export interface FetchRequest {
  readonly url: string;
  readonly client: string | null;
  readonly method: string;
  readonly headers: readonly (readonly [string, string])[];
  /** Base64. */
  readonly body: string | null;
  readonly redirect: 'follow' | 'error' | 'manual';
}

export interface FetchAnswer {
  readonly status: number;
  readonly status_text: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly url: string;
  readonly redirected: boolean;
  readonly has_body: boolean;
}

/** From the host. */
export type ToIsolate =
  /** `hosts`: those that its code may connect to by itself, as `host` or `host:port`. */
  | { readonly do: 'load'; readonly specifier: string; readonly entry: string; readonly hosts: readonly string[] }
  | { readonly do: 'start'; readonly settings: JsonObject }
  | { readonly do: 'stop' }
  /** `work` numbers what it is asked to do; what it says while it does that carries the number. */
  | { readonly do: 'run'; readonly work: number; readonly type_id: string; readonly attempt: AttemptData }
  | {
      readonly do: 'generate';
      readonly work: number;
      readonly provider_id: string;
      readonly config: JsonObject;
      readonly request: PlainModelRequest;
      readonly wants_tokens: boolean;
    }
  | { readonly do: 'abort'; readonly error: ErrorInfo }
  | { readonly do: 'ping' }
  /** The answer to an `ask`. */
  | { readonly do: 'answer'; readonly id: number; readonly outcome: Outcome<Json> }
  /** The memo of `ask` `id` is new: its work is to be done now. */
  | { readonly do: 'work'; readonly id: number }
  | { readonly do: 'token'; readonly id: number; readonly text: string };

/** A question of the handler; `id` is its own. */
export type Question =
  | { readonly ask: 'memo'; readonly name: string }
  | { readonly ask: 'store_get'; readonly store: string; readonly key: string }
  | { readonly ask: 'store_set'; readonly store: string; readonly key: string; readonly value: Json }
  | { readonly ask: 'store_delete'; readonly store: string; readonly key: string }
  | { readonly ask: 'fetch'; readonly request: FetchRequest }
  /** The next piece of a response's body, base64; null at its end. */
  | { readonly ask: 'fetch_read'; readonly fetch: number }
  | {
      readonly ask: 'generate';
      readonly llm: string;
      readonly request: PlainModelRequest;
      readonly wants_tokens: boolean;
    };

/** From the isolate. What belongs to one piece of work has its number; what is said after its end is not heard. */
export type FromIsolate = Saying & { readonly work?: number };

export type Saying =
  | { readonly did: 'listen' }
  | { readonly did: 'load'; readonly outcome: Outcome<PluginDescription> }
  | { readonly did: 'start'; readonly outcome: Outcome<null> }
  | { readonly did: 'stop'; readonly outcome: Outcome<null> }
  | {
      readonly did: 'run';
      readonly outcome: Outcome<FiredPorts>;
      readonly stack?: string | null;
      readonly heap: number;
    }
  | { readonly did: 'generate'; readonly outcome: Outcome<ModelResponse>; readonly heap: number }
  | { readonly did: 'pong' }
  /** Before anything of an attempt, or of a call of a model, is done. */
  | { readonly did: 'begin' }
  | (Question & { readonly id: number })
  /** The work of a memo is done. */
  | { readonly did: 'work'; readonly id: number; readonly outcome: Outcome<Json> }
  | { readonly tell: 'fetch_cancel'; readonly fetch: number }
  | { readonly tell: 'generate_cancel'; readonly id: number }
  | { readonly tell: 'log'; readonly level: LogLevel; readonly fields: JsonObject; readonly message: string }
  | { readonly tell: 'token'; readonly text: string }
  | { readonly tell: 'activity'; readonly activity: Omit<Activity, 'at'> }
  | { readonly tell: 'usage'; readonly usage: Usage }
  | { readonly tell: 'heartbeat'; readonly progress: JsonObject | null }
  | { readonly tell: 'span'; readonly attributes: JsonObject }
  /** An error outside of every handler's promise; `run_id` is of the attempt that caused it, null if that cannot be known. */
  | {
      readonly tell: 'stray';
      readonly error: ErrorInfo;
      readonly stack: string | null;
      readonly cause: StrayCause | null;
    };

export interface StrayCause {
  readonly run_id: string;
  readonly step_id: string;
  readonly attempt: number;
  readonly is_running: boolean;
}

export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];
