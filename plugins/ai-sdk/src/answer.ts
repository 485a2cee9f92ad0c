import type {
  LanguageModelV3CallOptions,
  LanguageModelV3FinishReason,
  LanguageModelV3GenerateResult,
  LanguageModelV3StreamPart,
  LanguageModelV3Usage,
} from '@ai-sdk/provider';
import { type LlmteamError, type ModelRequest, type ModelResponse, noUsage } from '@llmteam/contracts';
import { badAnswer, checkEnd } from './answer-end.js';
import { AnswerParts } from './answer-parts.js';
import { callOptions } from './call-options.js';
import { responseBehind, shownMessage } from './model-error.js';
import type { AnswerOptions, SdkModel } from './model-options.js';
import { stateOf } from './provider-state.js';
import type { OpenTimeLimits } from './time-limits.js';
import { toldUsage } from './told-usage.js';

export interface Call {
  readonly sdkModel: SdkModel;
  readonly options: AnswerOptions & { readonly name: string };
  readonly limits: OpenTimeLimits;
  readonly signal: AbortSignal;
}

interface Answer {
  readonly parts: AnswerParts;
  readonly refusal: string;
  readonly end: LanguageModelV3FinishReason;
  readonly usage: LanguageModelV3Usage;
  readonly model: string | undefined;
}

/**
 * @throws errors of the SDK unchanged; LlmteamError `LLM_REFUSED` if the model declined or the service filtered the answer,
 * `LLM_FAILED` if it ended abnormally
 */
export async function answerOf(call: Call, request: ModelRequest): Promise<ModelResponse> {
  const { onToken } = request;
  const options: LanguageModelV3CallOptions = {
    ...callOptions(call.sdkModel, call.options, request),
    abortSignal: call.signal,
  };
  const answer =
    onToken !== undefined && (call.options.stream ?? true)
      ? await streamed(call, options, onToken)
      : await whole(call, options, request.redact);
  return checked(call, answer, request.redact);
}

async function whole(call: Call, options: LanguageModelV3CallOptions, redact: ModelRequest['redact']): Promise<Answer> {
  const { readRaw, think_tags } = call.options;
  const { content, finishReason, usage, response } = await generated(call, options, redact);
  const refusal = refusalIn(readRaw, response?.body, false);
  const parts = new AnswerParts(think_tags === true);
  for (const part of content) parts.add(part);
  parts.end();
  return { parts, refusal, end: finishReason, usage, model: response?.modelId };
}

/** An SDK may not be able to read an answer that is a refusal. */
async function generated(
  { sdkModel, options: { readRaw, name } }: Call,
  options: LanguageModelV3CallOptions,
  redact: ModelRequest['redact'],
): Promise<LanguageModelV3GenerateResult> {
  try {
    return await sdkModel.doGenerate(options);
  } catch (thrown) {
    const { refusal, usage = noUsage } = readRaw?.(responseBehind(thrown), false) ?? {};
    throw refusal === undefined
      ? thrown
      : refused(name, shownMessage(refusal, redact), { finish_reason: 'content_filter', usage });
  }
}

async function streamed(
  { sdkModel, options: { readRaw, think_tags }, limits, signal }: Call,
  options: LanguageModelV3CallOptions,
  onToken: (text: string) => void,
): Promise<Answer> {
  const parts = new AnswerParts(think_tags === true, onToken);
  const notes: StreamNotes = { refusal: '' };
  limits.streams();
  const { stream } = await sdkModel.doStream({ ...options, ...(readRaw !== undefined && { includeRawChunks: true }) });
  for await (const part of stream) {
    signal.throwIfAborted();
    if (part.type === 'error') throw part.error;
    if (part.type === 'raw') notes.refusal += refusalIn(readRaw, part.rawValue, true);
    else if (parts.stream(part)) limits.token();
    else note(notes, part);
  }
  if (notes.end === undefined) throw new Error('the answer ended prematurely');
  parts.end();
  return { parts, refusal: notes.refusal, model: notes.model, ...notes.end };
}

/** What a stream tells about the answer besides its parts. */
interface StreamNotes {
  refusal: string;
  model?: string;
  end?: Pick<Answer, 'end' | 'usage'>;
}

function note(notes: StreamNotes, part: LanguageModelV3StreamPart): void {
  if (part.type === 'response-metadata' && part.modelId !== undefined) notes.model = part.modelId;
  if (part.type === 'finish') notes.end = { end: part.finishReason, usage: part.usage };
}

/** Services report errors in responses with status 200 too. */
function refusalIn(readRaw: AnswerOptions['readRaw'], raw: unknown, isEvent: boolean): string {
  const { failure, refusal = '' } = readRaw?.(raw, isEvent) ?? {};
  if (failure !== undefined) throw new Error(failure);
  return refusal;
}

function checked(
  { sdkModel, options }: Call,
  { parts, refusal, end, usage, model }: Answer,
  redact: ModelRequest['redact'],
): ModelResponse {
  const { text, reasoning, calls } = parts;
  const state = stateOf(sdkModel.provider, parts.content, options);
  const response: ModelResponse = {
    text,
    ...(calls.length > 0 && { tool_calls: calls }),
    ...(reasoning !== '' && { reasoning }),
    model: model === undefined || model === '' ? options.name : model,
    finish_reason: endOf(end, calls.length > 0),
    usage: toldUsage(usage),
    ...(state !== undefined && { provider_state: state }),
  };
  if (refusal !== '') throw refused(options.name, shownMessage(refusal, redact), response);
  checkEnd(response);
  return response;
}

function refused(name: string, words: string, paid: Parameters<typeof badAnswer>[2]): LlmteamError {
  return badAnswer('LLM_REFUSED', `model '${name}' refused: ${words}`, paid);
}

/** The service's own word unless it is one of ours; empty if it gave none. Some services say `stop` after tool calls. */
function endOf({ unified, raw }: LanguageModelV3FinishReason, hasCalls: boolean): string {
  if (unified === 'tool-calls' || (unified === 'stop' && hasCalls)) return 'tool_calls';
  if (unified === 'content-filter') return 'content_filter';
  return unified === 'stop' || unified === 'length' ? unified : (raw ?? '');
}
