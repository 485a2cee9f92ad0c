/**
 * Purpose: models behind any service that speaks the chat completions protocol of OpenAI.
 * Owns: one call: its time, its size, its errors.
 * Does not own: repeating it (the step's retry policy), other models (ask.ts).
 * Invariants:
 *  P1 the SDK is loaded by the first call, not with the plugin: its import takes longer than a run of small steps
 *  P2 whatever happens, the connection is given up when the call ends
 *  P3 no key and no header value is in an error (provider-error.ts)
 */
import {
  type JsonObject,
  type LanguageModel,
  LlmteamError,
  type ModelProvider,
  type ModelRequest,
  type ModelResponse,
} from '@llmteam/contracts';
import { cancellation } from '../cancellation.js';
import { bounded_fetch } from './bounded-fetch.js';
import { chat_call, type Sdk } from './chat-call.js';
import { OpenaiConfig } from './openai-config.js';
import { model_error } from './provider-error.js';

const default_timeout_seconds = 300;

export const openai_compatible: ModelProvider = {
  provider_id: 'openai-compatible',
  description:
    'Any service with the chat completions API of OpenAI: OpenAI, Azure, vLLM, Ollama, LM Studio and others.',
  config_schema: OpenaiConfig as unknown as JsonObject,
  create: (config) => openai_model(config as OpenaiConfig),
};

function openai_model(config: OpenaiConfig): LanguageModel {
  const loaded: { sdk?: Promise<Sdk> } = {};
  return {
    provider: 'openai-compatible',
    model: config.model,
    async generate(request) {
      loaded.sdk ??= load_sdk(config);
      return answer_of(await loaded.sdk, config, request);
    },
  };
}

async function load_sdk(config: OpenaiConfig): Promise<Sdk> {
  const [{ generateText, streamText }, { createOpenAICompatible }] = await Promise.all([
    import('ai'),
    import('@ai-sdk/openai-compatible'),
  ]);
  const provider = createOpenAICompatible({
    name: 'openaiCompatible',
    baseURL: config.base_url,
    ...(config.api_key !== undefined && { apiKey: config.api_key }),
    ...(config.headers !== undefined && { headers: { ...config.headers } }),
    includeUsage: true,
    supportsStructuredOutputs: config.structured_outputs ?? true,
    fetch: bounded_fetch,
  });
  return { generateText, streamText, model: provider.chatModel(config.model) };
}

async function answer_of(sdk: Sdk, config: OpenaiConfig, request: ModelRequest): Promise<ModelResponse> {
  const timeout_seconds = config.timeout_seconds ?? default_timeout_seconds;
  const own = new AbortController();
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), timeout_seconds * 1_000);
  try {
    request.signal.throwIfAborted();
    return await chat_call(sdk, config, request, AbortSignal.any([request.signal, late.signal, own.signal]));
  } catch (thrown) {
    if (request.signal.aborted) throw cancellation(request.signal);
    if (late.signal.aborted) throw too_late(config, timeout_seconds, thrown);
    throw model_error(thrown, config, Date.now());
  } finally {
    clearTimeout(timer);
    own.abort();
  }
}

function too_late({ model }: OpenaiConfig, seconds: number, cause: unknown): LlmteamError {
  return new LlmteamError('LLM_FAILED', `model '${model}' gave no complete answer within ${seconds} s`, { cause });
}
