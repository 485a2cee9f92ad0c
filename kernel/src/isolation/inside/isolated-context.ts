/** The context of an attempt inside an isolate: what the host sent along, and questions to it for all the rest. */
import type {
  FetchOptions,
  GuardedFetch,
  HttpClientConfig,
  Json,
  JsonObject,
  KeyValueStore,
  LanguageModel,
  ModelRequest,
  ModelResponse,
  PermissionKind,
  StepContext,
} from '@llmteam/contracts';
import type { Span } from '@opentelemetry/api';
import { credentialsIn } from '../../redaction/credentials.js';
import { SecretRedactor } from '../../redaction/secret-redactor.js';
import { PermissionCheck } from '../../runtime/permission-check.js';
import { unknownRef } from '../../runtime/unknown-ref.js';
import type { AttemptData, Outcome } from '../isolate-messages.js';
import { revivedError } from '../revived-error.js';
import type { WorkLine } from './host-line.js';
import { isolatedFetch } from './isolated-fetch.js';
import { isolatedLog } from './isolated-log.js';
import { isolatedSpan } from './isolated-span.js';
import { errorOf, plainOutcome } from './plain-values.js';

interface Inside {
  readonly data: AttemptData;
  readonly line: WorkLine;
  readonly aborter: AbortController;
  readonly resources: unknown;
}

export function isolatedContext(inside: Inside): StepContext {
  const { data, line, aborter, resources } = inside;
  const permissions = new PermissionCheck({ plugin: data.plugin, grant: data.granted }, data.declared);
  const redactor = redactorOf(data);
  const { facts, evaluated, secrets, clients, stores, llms } = data;
  const span: { made: Span | null } = { made: null };
  const fetch: GuardedFetch = (input, options?: FetchOptions) => isolatedFetch(line, aborter.signal, input, options);
  return {
    ...facts,
    signal: aborter.signal,
    resources,
    fetch,
    log: isolatedLog(line),
    get span() {
      span.made ??= isolatedSpan(line);
      return span.made;
    },
    llm: (ref) => {
      permissions.require('llm', ref);
      const { provider, model } = found('llm', ref, llms, data.plugin);
      return isolatedModel(line, ref, provider, model);
    },
    client: (ref): HttpClientConfig => {
      permissions.require('client', ref);
      return unwrap(found('client', ref, clients, data.plugin));
    },
    store: (ref) => {
      permissions.require('store', ref);
      if (!stores.includes(ref)) throw unknownRef('store', ref, stores, data.plugin);
      return isolatedStore(line, ref);
    },
    secret: (ref): string => {
      permissions.require('secret', ref);
      return unwrap(found('secret', ref, secrets, data.plugin));
    },
    memo: <T extends Json>(name: string, work: () => Promise<T>) =>
      line.ask<T>({ ask: 'memo', name: String(name) }, { memoWork: () => outcomeOf(name, work) }),
    evaluate: (pointer): Json => {
      const outcome = evaluated[pointer];
      if (outcome === undefined) throw new TypeError(`'${pointer}' of the config is not marked as an expression`);
      return unwrap(outcome);
    },
    redact: (text, how) => (how?.isCut === true ? redactor.cutText(text) : redactor.text(text)),
    emitToken: (text) => line.send({ tell: 'token', text: String(text) }),
    record: (activity) => line.send({ tell: 'activity', activity: sendable('recorded activity', activity) }),
    addUsage: (usage) => line.send({ tell: 'usage', usage: sendable('usage', usage) }),
    heartbeat: (progress?: JsonObject) =>
      line.send({ tell: 'heartbeat', progress: progress === undefined ? null : sendable('progress', progress) }),
  };
}

/** What the handler was given may come back in what it says. */
function redactorOf({ secrets, clients }: AttemptData): SecretRedactor {
  const redactor = new SecretRedactor();
  const values = Object.values(secrets).flatMap((secret) => ('value' in secret ? [secret.value] : []));
  const headers = Object.values(clients).flatMap((client) =>
    'value' in client ? Object.values(client.value.headers) : [],
  );
  redactor.add([...values, ...headers].flatMap((value) => [value, ...credentialsIn(value)]));
  return redactor;
}

type NamedKind = Exclude<PermissionKind, 'network'>;

function found<T>(kind: NamedKind, ref: string, known: Readonly<Record<string, T>>, plugin: string): T {
  if (Object.hasOwn(known, ref)) return known[ref] as T;
  throw unknownRef(kind, ref, Object.keys(known), plugin);
}

function unwrap<T>(outcome: Outcome<T>): T {
  if ('value' in outcome) return outcome.value;
  throw revivedError(outcome.error);
}

/** @throws LlmteamError `STEP_RESULT_INVALID`, `LIMIT_EXCEEDED` */
function sendable<T>(subject: string, value: T): T {
  return unwrap(plainOutcome<T>(subject, value));
}

async function outcomeOf(name: string, work: () => Promise<Json>): Promise<Outcome<Json>> {
  try {
    return plainOutcome<Json>(`memo '${name}'`, await work());
  } catch (thrown) {
    return errorOf(thrown);
  }
}

function isolatedStore(line: WorkLine, store: string): KeyValueStore {
  return {
    get: async (key) => (await line.ask<Json[]>({ ask: 'store_get', store, key: String(key) }))[0],
    set: async (key, value) => {
      const plain = sendable<Json>('the value', value);
      await line.ask({ ask: 'store_set', store, key: String(key), value: plain });
    },
    delete: async (key) => void (await line.ask({ ask: 'store_delete', store, key: String(key) })),
  };
}

function isolatedModel(line: WorkLine, llm: string, provider: string, model: string): LanguageModel {
  return {
    provider,
    model,
    generate: async ({ signal, onToken, redact: _, ...rest }: ModelRequest) => {
      signal.throwIfAborted();
      const request = sendable('the request', rest);
      const { id, answer } = line.begin(
        { ask: 'generate', llm, request, wants_tokens: onToken !== undefined },
        { onToken },
      );
      const giveUp = () => line.send({ tell: 'generate_cancel', id });
      signal.addEventListener('abort', giveUp, { once: true });
      try {
        return (await answer) as unknown as ModelResponse;
      } finally {
        signal.removeEventListener('abort', giveUp);
      }
    },
  };
}
