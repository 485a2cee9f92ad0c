import { AsyncResource } from 'node:async_hooks';
import type {
  JsonObject,
  LanguageModel,
  Logger,
  ModelRequest,
  ModelResponse,
  ProviderContext,
} from '@llmteam/contracts';
import type { Isolate } from './isolate.js';
import { inIsolate } from './isolate-lease.js';
import type { IsolatePools } from './isolate-pools.js';
import { ModelRelay } from './model-relay.js';
import { revivedError } from './revived-error.js';

export interface IsolatedModelOptions {
  readonly pools: () => IsolatePools;
  readonly providerId: string;
  readonly config: JsonObject;
  readonly context: ProviderContext;
  readonly log: Logger;
}

/** A model whose provider runs in isolates. */
export function isolatedModel(options: IsolatedModelOptions): LanguageModel {
  const { model } = options.config;
  return {
    provider: options.providerId,
    model: typeof model === 'string' ? model : '',
    generate: (request) => generate(options, request),
  };
}

async function generate(options: IsolatedModelOptions, request: ModelRequest): Promise<ModelResponse> {
  const { pools, providerId } = options;
  const { signal } = request;
  signal.throwIfAborted();
  const work = (isolate: Isolate) => generateIn(isolate, options, request);
  try {
    return await inIsolate(pools, { purpose: { key: providerId }, who: 'its process or thread', signal, work });
  } catch (thrown) {
    throw signal.aborted ? signal.reason : thrown;
  }
}

async function generateIn(
  isolate: Isolate,
  { providerId, config, context, log }: IsolatedModelOptions,
  { signal, onToken, redact: _, ...request }: ModelRequest,
): Promise<ModelResponse> {
  const relay = new ModelRelay({
    // Questions come by a channel that is older than this call, to which the requests belong.
    fetch: AsyncResource.bind(context.fetch),
    signal,
    log,
    onToken,
    send: (message) => isolate.send(message),
  });
  try {
    const call = { provider_id: providerId, config, request, wants_tokens: onToken !== undefined };
    const { outcome } = await isolate.ask<'generate'>({ do: 'generate', work: isolate.nextWork(), ...call }, relay);
    if ('error' in outcome) throw revivedError(outcome.error);
    return outcome.value;
  } finally {
    relay.close();
  }
}
