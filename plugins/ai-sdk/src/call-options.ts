import type { LanguageModelV3CallOptions, SharedV3ProviderOptions } from '@ai-sdk/provider';
import type { JsonObject, ModelRequest, ModelTool } from '@llmteam/contracts';
import type { AnswerOptions, SdkModel } from './model-options.js';
import { promptOf } from './prompt.js';

/** The request in the words of the SDK. */
export function callOptions(
  { provider }: SdkModel,
  options: AnswerOptions,
  request: ModelRequest,
): LanguageModelV3CallOptions {
  const { temperature, max_tokens, stop, seed, tools } = request;
  return {
    prompt: promptOf(provider, request, options),
    ...(temperature !== undefined && { temperature }),
    ...(max_tokens !== undefined && { maxOutputTokens: max_tokens }),
    ...(stop !== undefined && stop.length > 0 && { stopSequences: [...stop] }),
    ...(seed !== undefined && { seed }),
    ...(tools !== undefined && tools.length > 0 && { tools: tools.map((tool) => toolFor(tool, options)) }),
    ...toolChoice(request),
    ...responseFormat(request, options),
    providerOptions: providerOptions(provider, request, options),
  };
}

function toolFor({ name, description, input_schema }: ModelTool, { isStrictTool }: AnswerOptions) {
  return {
    type: 'function' as const,
    name,
    description,
    inputSchema: input_schema,
    ...(isStrictTool !== undefined && { strict: isStrictTool(input_schema) }),
  };
}

function toolChoice({ tools = [], tool_choice }: ModelRequest): Pick<LanguageModelV3CallOptions, 'toolChoice'> {
  if (tool_choice === undefined || tools.length === 0) return {};
  if (typeof tool_choice === 'object') return { toolChoice: { type: 'tool', toolName: tool_choice.name } };
  return { toolChoice: { type: tool_choice } };
}

function responseFormat(
  { json, output_schema }: ModelRequest,
  { structured_outputs = true }: AnswerOptions,
): Pick<LanguageModelV3CallOptions, 'responseFormat'> {
  if (output_schema !== undefined && structured_outputs)
    return { responseFormat: { type: 'json', schema: output_schema } };
  return json === true || output_schema !== undefined ? { responseFormat: { type: 'json' } } : {};
}

/** Under the name of the provider: the first word of the SDK's `provider`. */
function providerOptions(
  provider: string,
  request: ModelRequest,
  { optionsFor = effortOnly }: AnswerOptions,
): SharedV3ProviderOptions {
  // Which model is asked is the operator's choice.
  const { model: _model, ...given } = request.provider_options ?? {};
  const [name = provider] = provider.split('.');
  return { [name]: { ...optionsFor(request), ...given } } as SharedV3ProviderOptions;
}

/** The name that most providers have for it; others ignore it. */
function effortOnly({ reasoning_effort }: ModelRequest): JsonObject {
  return reasoning_effort === undefined ? {} : { reasoningEffort: reasoning_effort };
}
