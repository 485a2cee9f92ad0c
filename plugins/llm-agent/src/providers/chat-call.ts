import { LlmteamError, type ModelMessage, type ModelRequest, type ModelResponse } from '@llmteam/contracts';
import type { generateText, LanguageModel, LanguageModelUsage, OutputInterface, streamText } from 'ai';
import { isStrictSchema } from '../output-schema.js';
import type { OpenaiConfig } from './openai-config.js';

/** Loaded by the first call. */
export interface Sdk {
  readonly generateText: typeof generateText;
  readonly streamText: typeof streamText;
  readonly model: LanguageModel;
}

interface Answer {
  readonly text: string;
  readonly finish_reason: string;
  readonly model: string;
  readonly usage: LanguageModelUsage;
}

/** @throws SDK errors unchanged; LlmteamError `LLM_REFUSED` if the service filtered the answer. */
export async function chatCall(
  sdk: Sdk,
  config: OpenaiConfig,
  request: ModelRequest,
  signal: AbortSignal,
): Promise<ModelResponse> {
  const { temperature, max_tokens, output_schema, onToken } = request;
  const settings = {
    model: sdk.model,
    messages: messagesFor(config, request).map(({ role, content }) => ({ role, content })),
    allowSystemInMessages: true,
    ...(temperature !== undefined && { temperature }),
    ...(max_tokens !== undefined && { maxOutputTokens: max_tokens }),
    output: outputFor(config, request),
    // Services reject open schemas in strict mode, but accept them without it.
    providerOptions: {
      openaiCompatible: { strictJsonSchema: output_schema !== undefined && isStrictSchema(output_schema) },
    },
    maxRetries: 0,
    abortSignal: signal,
  };
  const streamed = onToken !== undefined && (config.stream ?? true);
  const answer = streamed
    ? await fromStream(sdk.streamText(ignoringErrors(settings)), onToken)
    : await whole(sdk, settings);
  return checked(answer, config);
}

/** Errors also come out of the stream; without this handler the SDK logs them to the console. */
function ignoringErrors<T extends object>(settings: T): T & { onError: () => void } {
  return { ...settings, onError: () => undefined };
}

async function whole(sdk: Sdk, settings: Parameters<typeof generateText>[0]): Promise<Answer> {
  const { text, finishReason, response, totalUsage } = await sdk.generateText(settings);
  return { text, finish_reason: finishReason, model: response.modelId, usage: totalUsage };
}

async function fromStream(
  { fullStream }: Pick<ReturnType<typeof streamText>, 'fullStream'>,
  onToken: (text: string) => void,
): Promise<Answer> {
  let text = '';
  let answer: Answer | undefined;
  for await (const part of fullStream) {
    if (part.type === 'error') throw part.error;
    if (part.type === 'text-delta') {
      text += part.text;
      onToken(part.text);
    } else if (part.type === 'finish-step') {
      answer = { text, finish_reason: part.finishReason, model: part.response.modelId, usage: part.usage };
    }
  }
  if (answer === undefined) throw new Error('the answer ended prematurely');
  return { ...answer, text };
}

function checked({ text, finish_reason, model, usage }: Answer, config: OpenaiConfig): ModelResponse {
  if (finish_reason === 'content-filter') {
    throw new LlmteamError('LLM_REFUSED', `model '${config.model}': the service filtered the answer`);
  }
  if (finish_reason === 'error') throw new Error('the service reported an error in its answer');
  const tokens = (count: number | undefined) => Math.max(0, Math.trunc(count ?? 0));
  return {
    text,
    model: model === '' ? config.model : model,
    finish_reason,
    usage: { input_tokens: tokens(usage.inputTokens), output_tokens: tokens(usage.outputTokens) },
  };
}

/** Returns the raw text: the SDK's own outputs would parse it and throw their own errors. */
function outputFor(
  { structured_outputs = true }: OpenaiConfig,
  { json, output_schema }: ModelRequest,
): OutputInterface<string, string, never> {
  const schema: object | undefined = structured_outputs ? output_schema : undefined;
  const asJson = { type: 'json' as const, ...(schema !== undefined && { schema }) };
  const wantsJson = json === true || output_schema !== undefined;
  return {
    name: 'text',
    responseFormat: Promise.resolve(wantsJson ? asJson : { type: 'text' as const }),
    parseCompleteOutput: async ({ text }) => text,
    parsePartialOutput: async ({ text }) => ({ partial: text }),
    createElementStreamTransform: () => undefined,
  };
}

/** Services accept `json_object` only if the prompt mentions JSON, and cannot be given a schema then. */
function messagesFor({ structured_outputs = true }: OpenaiConfig, request: ModelRequest): readonly ModelMessage[] {
  const { json, output_schema, messages } = request;
  if (output_schema === undefined ? json !== true : structured_outputs) return messages;
  const wanted = output_schema === undefined ? '' : ` that matches this JSON Schema: ${JSON.stringify(output_schema)}`;
  const content = `Answer with one JSON value${wanted}. Write nothing else, and no Markdown fence.`;
  return [{ role: 'system', content }, ...messages];
}
