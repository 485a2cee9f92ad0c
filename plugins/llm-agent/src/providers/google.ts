/** Models of Google, through the Gemini API. */
import { aiSdkModel, boundedFetch } from '@llmteam/ai-sdk';
import type { JsonObject, ModelProvider } from '@llmteam/contracts';
import { type Static, Type } from 'typebox';
import { googleThinking } from './google-thinking.js';
import { apiKey, baseUrl, callKeys, limitsOf, model } from './service-config.js';

const defaultUrl = 'https://generativelanguage.googleapis.com/v1beta';

const GoogleConfig = Type.Object(
  {
    model,
    api_key: apiKey('The key of the service, sent as `x-goog-api-key`.'),
    base_url: Type.Optional(baseUrl('The URL that `/models/…` is appended to.', { default: defaultUrl })),
    ...callKeys,
  },
  { additionalProperties: false },
);
type GoogleConfig = Static<typeof GoogleConfig>;

export const google = {
  providerId: 'google',
  description: 'Models of Google, through the Gemini API.',
  config_schema: GoogleConfig as unknown as JsonObject,
  create: (given) => {
    const config = given as GoogleConfig;
    return aiSdkModel({
      ...limitsOf(config),
      provider: 'google',
      model: config.model,
      load: () => load(config),
      takes_argument_text: true,
      optionsFor: ({ reasoning_effort }) =>
        reasoning_effort === undefined ? {} : googleThinking(config.model, reasoning_effort),
    });
  },
} satisfies ModelProvider;

async function load({ model: name, api_key, base_url, headers }: GoogleConfig) {
  const { createGoogleGenerativeAI } = await import('@ai-sdk/google');
  return createGoogleGenerativeAI({
    // Always given: the SDK would look for it in the environment.
    apiKey: api_key,
    baseURL: base_url ?? defaultUrl,
    ...(headers !== undefined && { headers: { ...headers } }),
    fetch: boundedFetch(),
  })(name);
}
