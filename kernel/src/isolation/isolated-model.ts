import { AsyncResource } from 'node:async_hooks';
import type {
  JsonObject,
  LanguageModel,
  Logger,
  ModelRequest,
  ModelResponse,
  ProviderContext,
} from '@llmteam/contracts';
import { endWhenAborted, leaseOf } from './isolate-lease.js';
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

async function generate(
  { pools, providerId, config, context, log }: IsolatedModelOptions,
  { signal, onToken, redact: _, ...request }: ModelRequest,
): Promise<ModelResponse> {
  signal.throwIfAborted();
  const lease = await leaseOf(pools(), providerId, 'its process or thread');
  const { isolate } = lease;
  const relay = new ModelRelay({
    // Questions come by a channel that is older than this call, to which the requests belong.
    fetch: AsyncResource.bind(context.fetch),
    signal,
    log,
    onToken,
    send: (message) => isolate.send(message),
  });
  const unwatch = endWhenAborted(isolate, signal);
  try {
    const call = { provider_id: providerId, config, request, wants_tokens: onToken !== undefined };
    const { outcome } = await isolate.ask<'generate'>({ do: 'generate', work: isolate.nextWork(), ...call }, relay);
    if ('error' in outcome) throw revivedError(outcome.error);
    return outcome.value;
  } catch (thrown) {
    throw signal.aborted ? signal.reason : thrown;
  } finally {
    unwatch();
    relay.close();
    lease.end(isolate.hasFailed);
  }
}
