/** Models of OpenAI, through its Responses API or its chat completions API. */
import { aiSdkModel, boundedFetch, chatAnswer } from '@llmteam/ai-sdk';
import type { JsonObject, ModelProvider } from '@llmteam/contracts';
import { type Static, Type } from 'typebox';
import { isStrictSchema } from '../output-schema.js';
import { responsesAnswer } from './responses-answer.js';
import { apiKey, baseUrl, callKeys, limitsOf, model } from './service-config.js';
import { strictOptions } from './strict-options.js';

const defaultUrl = 'https://api.openai.com/v1';

const OpenaiConfig = Type.Object(
  {
    model,
    api_key: apiKey('The key of the service, sent as a bearer token.'),
    base_url: Type.Optional(baseUrl('The URL that the path of the API is appended to.', { default: defaultUrl })),
    api: Type.Optional(
      Type.Enum(['responses', 'chat'], {
        default: 'responses',
        description:
          '`responses`: the Responses API, which keeps reasoning between tool calls; nothing is stored at the service. ' +
          '`chat`: the chat completions API.',
      }),
    ),
    ...callKeys,
  },
  { additionalProperties: false },
);
type OpenaiConfig = Static<typeof OpenaiConfig>;

export const openai = {
  providerId: 'openai',
  description: 'Models of OpenAI, through the Responses API or chat completions.',
  config_schema: OpenaiConfig as unknown as JsonObject,
  create: (given) => {
    const config = given as OpenaiConfig;
    const isChat = config.api === 'chat';
    return aiSdkModel({
      ...limitsOf(config),
      provider: 'openai',
      model: config.model,
      load: () => load(config),
      takes_argument_text: true,
      // What the service must see again goes along with the message: nothing of a run is kept at the service.
      optionsFor: isChat ? strictOptions : (request) => ({ store: false, ...strictOptions(request) }),
      // The Responses API is strict unless told otherwise, and rejects open schemas then.
      isStrictTool: isStrictSchema,
      readRaw: isChat ? chatAnswer : responsesAnswer,
    });
  },
} satisfies ModelProvider;

async function load({ model: name, api_key, base_url, api, headers }: OpenaiConfig) {
  const { createOpenAI } = await import('@ai-sdk/openai');
  const service = createOpenAI({
    // Both are given always: the SDK would look for them in the environment.
    apiKey: api_key,
    baseURL: base_url ?? defaultUrl,
    ...(headers !== undefined && { headers: { ...headers } }),
    fetch: boundedFetch(),
  });
  return api === 'chat' ? service.chat(name) : service.responses(name);
}
