/** Models of Anthropic, through its Messages API. */
import { aiSdkModel, boundedFetch } from '@llmteam/ai-sdk';
import type { JsonObject, ModelProvider } from '@llmteam/contracts';
import { type Static, Type } from 'typebox';
import { anthropicThinking } from './anthropic-thinking.js';
import { apiKey, baseUrl, callKeys, limitsOf, model } from './service-config.js';

const defaultUrl = 'https://api.anthropic.com/v1';

const AnthropicConfig = Type.Object(
  {
    model,
    api_key: apiKey('The key of the service, sent as `x-api-key`.'),
    base_url: Type.Optional(baseUrl('The URL that `/messages` is appended to.', { default: defaultUrl })),
    ...callKeys,
  },
  { additionalProperties: false },
);
type AnthropicConfig = Static<typeof AnthropicConfig>;

export const anthropic = {
  providerId: 'anthropic',
  description: 'Models of Anthropic, through the Messages API.',
  config_schema: AnthropicConfig as unknown as JsonObject,
  create: (given) => {
    const config = given as AnthropicConfig;
    return aiSdkModel({
      ...limitsOf(config),
      provider: 'anthropic',
      model: config.model,
      load: () => load(config),
      takes_argument_text: true,
      optionsFor: ({ reasoning_effort }) =>
        reasoning_effort === undefined ? {} : anthropicThinking(config.model, reasoning_effort),
    });
  },
} satisfies ModelProvider;

async function load({ model: name, api_key, base_url, headers }: AnthropicConfig) {
  const { createAnthropic } = await import('@ai-sdk/anthropic');
  return createAnthropic({
    // Both are given always: the SDK would look for them in the environment.
    apiKey: api_key,
    baseURL: base_url ?? defaultUrl,
    ...(headers !== undefined && { headers: { ...headers } }),
    fetch: boundedFetch(),
  })(name);
}
