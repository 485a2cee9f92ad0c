/** Models behind any service with an OpenAI-compatible chat completions API. */
import { aiSdkModel, boundedFetch, chatAnswer } from '@llmteam/ai-sdk';
import type { JsonObject, ModelProvider } from '@llmteam/contracts';
import { type Static, Type } from 'typebox';
import { textArguments } from './argument-text.js';
import { baseUrl, callKeys, limitsOf, model } from './service-config.js';
import { strictOptions } from './strict-options.js';

/** The config of an `llms` entry with `provider: openai-compatible`. */
const OpenaiCompatibleConfig = Type.Object(
  {
    base_url: baseUrl('The URL that `/chat/completions` is appended to, e.g. `https://api.openai.com/v1`.', {
      example: 'https://api.openai.com/v1',
    }),
    model,
    api_key: Type.Optional(Type.String({ writeOnly: true, description: 'Sent as a bearer token.' })),
    api_version: Type.Optional(
      Type.String({
        pattern: '^[\\w.-]+$',
        description: 'Sent as the query `api-version`, as the deployments of Azure want it.',
      }),
    ),
    ...callKeys,
    structured_outputs: Type.Optional(
      Type.Boolean({
        default: true,
        description:
          'Set to false for services without `response_format: json_schema`; the schema goes into the prompt instead.',
      }),
    ),
    think_tags: Type.Optional(
      Type.Boolean({
        default: true,
        description: 'Whether a `<think>` block at the beginning of an answer is reasoning and no part of the text.',
      }),
    ),
    return_reasoning: Type.Optional(
      Type.Boolean({
        default: false,
        description:
          'Whether the reasoning of an answer with tool calls is sent back with it, as `reasoning_content`; DeepSeek wants it.',
      }),
    ),
  },
  { additionalProperties: false },
);
type OpenaiCompatibleConfig = Static<typeof OpenaiCompatibleConfig>;

export const openaiCompatible = {
  providerId: 'openai-compatible',
  description:
    'Any service with an OpenAI-compatible chat completions API: Azure, vLLM, Ollama, LM Studio, Groq, DeepSeek and others.',
  config_schema: OpenaiCompatibleConfig as unknown as JsonObject,
  create: (given) => {
    const config = given as OpenaiCompatibleConfig;
    return aiSdkModel({
      ...limitsOf(config),
      provider: 'openai-compatible',
      model: config.model,
      load: () => load(config),
      takes_argument_text: true,
      structured_outputs: config.structured_outputs ?? true,
      think_tags: config.think_tags ?? true,
      return_reasoning: config.return_reasoning ?? false,
      optionsFor: strictOptions,
      readRaw: chatAnswer,
    });
  },
} satisfies ModelProvider;

async function load(config: OpenaiCompatibleConfig) {
  const { createOpenAICompatible } = await import('@ai-sdk/openai-compatible');
  const { base_url, api_key, api_version, headers, structured_outputs = true, return_reasoning = false } = config;
  return createOpenAICompatible({
    name: 'openaiCompatible',
    baseURL: base_url,
    ...(api_key !== undefined && { apiKey: api_key }),
    ...(headers !== undefined && { headers: { ...headers } }),
    ...(api_version !== undefined && { queryParams: { 'api-version': api_version } }),
    includeUsage: true,
    ...(return_reasoning && { transformRequestBody: withReasoning }),
    supportsStructuredOutputs: structured_outputs,
    fetch: textArguments(boundedFetch()),
  }).chatModel(config.model);
}

/** A service that wants reasoning back wants it with every call of a tool, also where there was none; the SDK leaves an empty one out. */
function withReasoning(body: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const messages = body.messages as readonly JsonObject[];
  return {
    ...body,
    messages: messages.map((message) =>
      message.tool_calls === undefined ? message : { reasoning_content: '', ...message },
    ),
  };
}
