import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type JsonObject,
  type LanguageModel,
  LlmteamError,
  type ModelProvider,
  type ProviderContext,
} from '@llmteam/contracts';
import { guardedGenerate, modelError } from '../runtime/guarded-model.js';
import type { Outbound } from '../runtime/outbound.js';
import { PermissionCheck } from '../runtime/permission-check.js';
import type { PluginStanding } from './plugin-standing.js';

/** A model provider whose models reach only what their plugin may reach, and answer or fail as the contract says. */
export interface HostedProvider extends Omit<ModelProvider, 'create'> {
  /** @throws LlmteamError `LLM_FAILED`, or another code of the provider */
  create(config: JsonObject): LanguageModel;
}

/** What bounds the requests of a provider. */
export interface ProviderHost {
  readonly standing: Pick<PluginStanding, 'plugin' | 'grant'>;
  /** The permissions of its manifest. */
  readonly declared: readonly string[];
  readonly outbound: Outbound;
}

export function hostedProvider(
  provider: ModelProvider,
  { standing, declared, outbound }: ProviderHost,
): HostedProvider {
  const { providerId, description, config_schema } = provider;
  const permissions = new PermissionCheck(standing, declared);
  const calls = new AsyncLocalStorage<AbortSignal>();
  const fetch: ProviderContext['fetch'] = async (input, options) => {
    const signal = calls.getStore();
    if (signal === undefined)
      throw new LlmteamError('CANCELLED', 'a provider may send requests only while it is asked');
    return await outbound(input, options, {
      checkHost: (host) => {
        permissions.require('network', host);
        return { mayBePrivate: permissions.grantsByName(host) };
      },
      client: refuseClient,
      signal,
    });
  };
  const create = (config: JsonObject): LanguageModel => {
    const model = madeBy(provider, config, { fetch });
    return {
      provider: typeof model.provider === 'string' ? model.provider : providerId,
      model: typeof model.model === 'string' ? model.model : '',
      generate: async (request) => {
        const ending = new AbortController();
        const signal = AbortSignal.any([request.signal, ending.signal]);
        try {
          return await calls.run(signal, () => guardedGenerate(providerId, model, request));
        } finally {
          ending.abort(new LlmteamError('CANCELLED', 'the call is over'));
        }
      },
    };
  };
  return { providerId, description, config_schema, create };
}

function madeBy(provider: ModelProvider, config: JsonObject, context: ProviderContext): LanguageModel {
  try {
    const model = provider.create(config, context);
    if (typeof model?.generate === 'function') return model;
  } catch (thrown) {
    throw modelError(provider.providerId, thrown);
  }
  throw new LlmteamError('LLM_FAILED', `the provider '${provider.providerId}' made no model: it has no 'generate'`);
}

function refuseClient(): never {
  throw new LlmteamError('PERMISSION_DENIED', 'a model provider has a config of its own and uses no client');
}
