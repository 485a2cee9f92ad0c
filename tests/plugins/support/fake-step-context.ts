import {
  type Activity,
  type HttpClientConfig,
  type Json,
  type LanguageModel,
  LlmteamError,
  type Logger,
  type StepContext,
  type Usage,
} from '@llmteam/contracts';
import { SecretRedactor } from '@llmteam/kernel';
import { INVALID_SPAN_CONTEXT, trace } from '@opentelemetry/api';

/** The resources of a handler. Any other ref is `UNKNOWN_REF`. */
export interface FakeResources {
  readonly clients?: Readonly<Record<string, HttpClientConfig>>;
  readonly llms?: Readonly<Record<string, LanguageModel>>;
  /** By JSON Pointer; an Error value is thrown. */
  readonly expressions?: Readonly<Record<string, Json | Error>>;
  /** Instead of `expressions`. */
  readonly evaluate?: (pointer: string) => Json;
  /** What `redact` knows. */
  readonly secrets?: readonly string[];
  readonly signal?: AbortSignal;
  readonly timeout_seconds?: number;
}

/** What a handler did with its context. */
export interface Traces {
  readonly activities: Omit<Activity, 'at'>[];
  readonly tokens: string[];
  readonly usage: Usage[];
  /** Pointers, in the order they were evaluated. */
  readonly evaluated: string[];
}

/** A context for one attempt without kernel and clock; `traces` records every call. */
export function fakeStepContext(resources: FakeResources = {}): { context: StepContext; traces: Traces } {
  const traces: Traces = { activities: [], tokens: [], usage: [], evaluated: [] };
  const redactor = new SecretRedactor();
  redactor.add(resources.secrets ?? []);
  const context: StepContext = {
    tenant_id: 'tenant',
    instance_id: 'instance',
    run_id: 'run-1',
    segment_id: 'segment',
    step_id: 'step',
    scope: '',
    attempt: 1,
    idempotency_key: 'run-1/step',
    ports: {},
    signal: resources.signal ?? new AbortController().signal,
    deadline: null,
    timeout_seconds: resources.timeout_seconds ?? null,
    log: silentLogger,
    span: trace.wrapSpanContext(INVALID_SPAN_CONTEXT),
    resources: undefined,
    fetch: async () => {
      throw new LlmteamError('EGRESS_BLOCKED', 'a fake context sends nothing');
    },
    llm: (ref) => named('llm', resources.llms, ref),
    client: (ref) => named('client', resources.clients, ref),
    store: (ref) => named('store', undefined, ref),
    secret: (ref) => named('secret', undefined, ref),
    memo: (_name, work) => work(),
    evaluate(pointer) {
      traces.evaluated.push(pointer);
      if (resources.evaluate !== undefined) return resources.evaluate(pointer);
      const value = named('expression', resources.expressions, pointer);
      if (value instanceof Error) throw value;
      return value;
    },
    redact: (text, how) => (how?.isCut === true ? redactor.cutText(text) : redactor.text(text)),
    emitToken: (text) => void traces.tokens.push(text),
    record: (activity) => void traces.activities.push(activity),
    addUsage: (usage) => void traces.usage.push(usage),
    heartbeat: () => undefined,
  };
  return { context, traces };
}

function named<T>(kind: string, configured: Readonly<Record<string, T>> | undefined, ref: string): T {
  const found = configured?.[ref];
  if (found === undefined) throw new LlmteamError('UNKNOWN_REF', `no ${kind} '${ref}' is configured`);
  return found;
}

const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLogger,
};
