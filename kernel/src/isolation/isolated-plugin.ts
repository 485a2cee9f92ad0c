/**
 * Purpose: a plugin whose code runs in isolates, as a plugin like any other: its handlers and models pass everything on.
 * Owns: the pool of isolates, and ending one that does not stop when it should. Does not own: time-outs (work-loop.ts).
 */
import {
  type FiredPorts,
  isLlmteamError,
  type JsonObject,
  type LanguageModel,
  LlmteamError,
  type Logger,
  type ModelProvider,
  type ModelRequest,
  type ModelResponse,
  type Plugin,
  type StepContext,
  type TaskType,
  toErrorInfo,
} from '@llmteam/contracts';
import { executionOf } from '../runtime/handler-context.js';
import { attemptData } from './attempt-data.js';
import { AttemptRelay } from './attempt-relay.js';
import { Isolate, type IsolateOptions } from './isolate.js';
import type { FromIsolate, PluginDescription, ToIsolate } from './isolate-messages.js';
import { IsolatePools, type Lease } from './isolate-pools.js';
import { revivedError } from './revived-error.js';

export interface IsolatedPluginOptions extends IsolateOptions {
  readonly settings: JsonObject;
}

/** Every attempt takes a process or thread of its own, so only the operator may allow more (`worker.concurrency_by_type`). */
const mostAtATime = 16;
/** After an attempt was aborted its handler has this long to end by itself. */
const graceMs = 1_000;

/** @throws Error that says what is wrong, to be told with the name of the plugin */
export async function loadIsolated(options: IsolatedPluginOptions): Promise<Plugin> {
  const { log, settings } = options;
  const { isolate, description } = await Isolate.open(options);
  const openStarted = async () => {
    const opened = await Isolate.open(options);
    await opened.isolate.start(settings);
    return opened.isolate;
  };
  const newPools = () => new IsolatePools({ log, open: openStarted });
  // The first one has loaded the plugin already; a host that starts again needs another.
  const state: { first: Isolate | null; pools: IsolatePools } = { first: isolate, pools: newPools() };
  const { name, api, stepTypes, modelProviders } = checkedDescription(description);
  return {
    name,
    api,
    stepTypes: stepTypes.map(({ metadata, concurrency }): TaskType => {
      return {
        kind: 'task',
        metadata,
        ...(typeof concurrency === 'number' && { concurrency: Math.min(concurrency, mostAtATime) }),
        run: (context) => runAttempt(state.pools, metadata.type_id, context),
      };
    }),
    modelProviders: modelProviders.map((provider): ModelProvider => {
      return { ...provider, create: (config) => isolatedModel(() => state.pools, provider.providerId, config, log) };
    }),
    start: async () => {
      const { first } = state;
      state.first = null;
      await first?.start(settings);
      state.pools.common.add(first ?? (await openStarted()));
    },
    stop: async () => {
      const { first, pools } = state;
      state.first = null;
      state.pools = newPools();
      await Promise.all([first?.close(), pools.close()]);
    },
  };
}

/** Lists where lists should be; what is in them is checked as for any plugin. */
function checkedDescription({ name, api, stepTypes, modelProviders }: PluginDescription): PluginDescription {
  if (Array.isArray(stepTypes) && Array.isArray(modelProviders)) return { name, api, stepTypes, modelProviders };
  throw new LlmteamError('PLUGIN_INVALID', 'it does not say which step types it has');
}

async function runAttempt(pools: IsolatePools, typeId: string, context: StepContext): Promise<FiredPorts> {
  const attempt = attemptData(executionOf(context));
  const lease = await leaseOf(pools, typeId, `plugin '${attempt.plugin}'`);
  const { isolate } = lease;
  const relay = new AttemptRelay(context, (message) => isolate.send(message));
  const unwatch = endWhenAborted(isolate, context.signal);
  try {
    context.signal.throwIfAborted();
    const run = isolate.ask<'run'>({ do: 'run', work: isolate.nextWork(), type_id: typeId, attempt }, relay);
    const { outcome, stack } = await Promise.race([run, relay.strayed]);
    if (relay.fault !== null) throw relay.fault;
    if ('value' in outcome) return outcome.value;
    const error = revivedError(outcome.error);
    if (error.code === 'STEP_FAILED') context.log.warn({ error: outcome.error, stack }, 'the handler of a step threw');
    throw error;
  } catch (thrown) {
    throw crashOf(thrown, attempt.plugin, context.signal);
  } finally {
    unwatch();
    relay.close();
    lease.end(isolate.hasFailed);
  }
}

/** @throws LlmteamError `STEP_CRASHED` if another process or thread is needed and does not start */
async function leaseOf(pools: IsolatePools, key: string, who: string): Promise<Lease> {
  try {
    return await pools.lease(key);
  } catch (cause) {
    if (isLlmteamError(cause)) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new LlmteamError('STEP_CRASHED', `${who} could not be started for the step: ${why}`, { cause });
  }
}

/** Tells the code that it is no longer wanted, and ends it if it does not listen. */
function endWhenAborted(isolate: Isolate, signal: AbortSignal): () => void {
  let timer: NodeJS.Timeout | undefined;
  const abort = () => {
    isolate.send({ do: 'abort', error: toErrorInfo(signal.reason) });
    timer = setTimeout(() => isolate.kill('did not stop when it was told to'), graceMs);
  };
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  return () => {
    signal.removeEventListener('abort', abort);
    clearTimeout(timer);
  };
}

/** Names the plugin in what an isolate says of its own end; any other error is the handler's. */
function crashOf(thrown: unknown, plugin: string, signal: AbortSignal): unknown {
  if (!isLlmteamError(thrown) || thrown.code !== 'STEP_CRASHED') return thrown;
  if (signal.aborted) return signal.reason;
  return new LlmteamError('STEP_CRASHED', `plugin '${plugin}' ${thrown.message} while the step ran`, { cause: thrown });
}

function isolatedModel(pools: () => IsolatePools, providerId: string, config: JsonObject, log: Logger): LanguageModel {
  const { model } = config;
  return {
    provider: providerId,
    model: typeof model === 'string' ? model : '',
    generate: ({ signal, onToken, redact: _, ...request }: ModelRequest) =>
      generate(
        pools(),
        { do: 'generate', provider_id: providerId, config, request, wants_tokens: onToken !== undefined },
        {
          signal,
          log,
          onToken: onToken ?? (() => undefined),
        },
      ),
  };
}

interface Watcher {
  readonly signal: AbortSignal;
  readonly log: Logger;
  readonly onToken: (text: string) => void;
}

async function generate(
  pools: IsolatePools,
  call: Omit<Extract<ToIsolate, { do: 'generate' }>, 'work'>,
  { signal, log, onToken }: Watcher,
): Promise<ModelResponse> {
  signal.throwIfAborted();
  const lease = await leaseOf(pools, call.provider_id, `model provider '${call.provider_id}'`);
  const { isolate } = lease;
  const receive = (message: FromIsolate) => {
    if ('tell' in message && message.tell === 'token') onToken(String(message.text));
  };
  const unwatch = endWhenAborted(isolate, signal);
  try {
    const { outcome } = await isolate.ask<'generate'>({ ...call, work: isolate.nextWork() }, { receive, log });
    if ('error' in outcome) throw revivedError(outcome.error);
    return outcome.value;
  } catch (thrown) {
    throw signal.aborted ? signal.reason : asModelError(thrown, call.provider_id);
  } finally {
    unwatch();
    lease.end(isolate.hasFailed);
  }
}

/** A provider that ends instead of answering is a model that failed. */
function asModelError(thrown: unknown, providerId: string): unknown {
  if (!isLlmteamError(thrown) || thrown.code !== 'STEP_CRASHED') return thrown;
  return new LlmteamError('LLM_FAILED', `the provider '${providerId}' ${thrown.message}`, { cause: thrown });
}
