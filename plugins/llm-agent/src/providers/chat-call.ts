import { type ModelMessage, type ModelRequest, type ModelResponse, messageText } from '@llmteam/contracts';
import type { FinishReason, generateText, LanguageModel, LanguageModelUsage, OutputInterface, streamText } from 'ai';
import { badAnswer, checkEnd } from '../answer-end.js';
import { isStrictSchema } from '../output-schema.js';
import type { OpenaiConfig } from './openai-config.js';
import { shownMessage } from './provider-error.js';
import { isWhole, reasonIn, refusalIn } from './service-reason.js';

/** Loaded by the first call. */
export interface Sdk {
  readonly generateText: typeof generateText;
  readonly streamText: typeof streamText;
  readonly model: LanguageModel;
}

interface Answer {
  readonly text: string;
  readonly refusal: string;
  readonly finish_reason: string;
  readonly model: string;
  readonly usage: LanguageModelUsage;
}

/**
 * @throws SDK errors unchanged; LlmteamError `LLM_REFUSED` if the model declined or the service filtered the answer,
 * `LLM_FAILED` if it ended abnormally
 */
export async function chatCall(
  sdk: Sdk,
  config: OpenaiConfig,
  request: ModelRequest,
  signal: AbortSignal,
): Promise<ModelResponse> {
  const { temperature, max_tokens, output_schema, onToken } = request;
  const settings = {
    model: sdk.model,
    messages: messagesFor(config, request).map(textMessage),
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
    ? await fromStream(sdk.streamText({ ...ignoringErrors(settings), includeRawChunks: true }), onToken)
    : await whole(sdk, settings);
  return checked(answer, config, request.redact);
}

/** Errors also come out of the stream; without this handler the SDK logs them to the console. */
function ignoringErrors<T extends object>(settings: T): T & { onError: () => void } {
  return { ...settings, onError: () => undefined };
}

async function whole(sdk: Sdk, settings: Parameters<typeof generateText>[0]): Promise<Answer> {
  const { text, finishReason, rawFinishReason, response, totalUsage } = await sdk.generateText(settings);
  failFor(response.body);
  return {
    text,
    refusal: refusalIn(response.body),
    finish_reason: endOf(finishReason, rawFinishReason),
    model: response.modelId,
    usage: totalUsage,
  };
}

async function fromStream(
  { fullStream }: Pick<ReturnType<typeof streamText>, 'fullStream'>,
  onToken: (text: string) => void,
): Promise<Answer> {
  let text = '';
  let refusal = '';
  let answer: Pick<Answer, 'finish_reason' | 'model' | 'usage'> | undefined;
  for await (const part of fullStream) {
    if (part.type === 'error') throw part.error;
    if (part.type === 'raw') {
      failFor(part.rawValue);
      if (isWhole(part.rawValue)) throw new Error('the service does not stream; set `stream` to false');
      refusal += refusalIn(part.rawValue);
    } else if (part.type === 'text-delta') {
      text += part.text;
      onToken(part.text);
    } else if (part.type === 'finish-step') {
      const { finishReason, rawFinishReason, response, usage } = part;
      answer = { finish_reason: endOf(finishReason, rawFinishReason), model: response.modelId, usage };
    }
  }
  if (answer === undefined) throw new Error('the answer ended prematurely');
  return { ...answer, text, refusal };
}

/** Services report errors in responses with status 200 too, with or without `choices`. */
function failFor(raw: unknown): void {
  const reason = reasonIn(raw);
  if (reason !== undefined) throw new Error(reason);
}

/** The service's own word unless it is one of ours; empty if it gave none. */
function endOf(finishReason: FinishReason, raw: string | undefined): string {
  if (finishReason === 'tool-calls') return 'tool_calls';
  return finishReason === 'stop' || finishReason === 'length' ? finishReason : (raw ?? '');
}

function checked(
  { text, refusal, finish_reason, model, usage }: Answer,
  config: OpenaiConfig,
  redact: ModelRequest['redact'],
): ModelResponse {
  const tokens = (count: number | undefined) => Math.max(0, Math.trunc(count ?? 0));
  const response = {
    text,
    model: model === '' ? config.model : model,
    finish_reason,
    usage: { input_tokens: tokens(usage.inputTokens), output_tokens: tokens(usage.outputTokens) },
  };
  if (refusal !== '') {
    throw badAnswer('LLM_REFUSED', `model '${config.model}' refused: ${shownMessage(refusal, redact)}`, response);
  }
  checkEnd(response);
  return response;
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

function textMessage(message: ModelMessage) {
  const content = messageText(message);
  return message.role === 'tool' ? { role: 'user' as const, content } : { role: message.role, content };
}

/** Services accept `json_object` only if the prompt mentions JSON, and cannot be given a schema then. */
function messagesFor({ structured_outputs = true }: OpenaiConfig, request: ModelRequest): readonly ModelMessage[] {
  const { json, output_schema, messages } = request;
  if (output_schema === undefined ? json !== true : structured_outputs) return messages;
  const wanted = output_schema === undefined ? '' : ` that matches this JSON Schema: ${JSON.stringify(output_schema)}`;
  const content = `Answer with one JSON value${wanted}. Write nothing else, and no Markdown fence.`;
  return [{ role: 'system', content }, ...messages];
}
