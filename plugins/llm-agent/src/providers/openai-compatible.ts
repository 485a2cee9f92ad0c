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
import { boundedFetch } from './bounded-fetch.js';
import { chatCall, type Sdk } from './chat-call.js';
import { OpenaiConfig } from './openai-config.js';
import { modelError } from './provider-error.js';

const defaultTimeoutSeconds = 300;

export const openaiCompatible: ModelProvider = {
  providerId: 'openai-compatible',
  description:
    'Any service with the chat completions API of OpenAI: OpenAI, Azure, vLLM, Ollama, LM Studio and others.',
  config_schema: OpenaiConfig as unknown as JsonObject,
  create: (config) => openaiModel(config as OpenaiConfig),
};

function openaiModel(config: OpenaiConfig): LanguageModel {
  const loaded: { sdk?: Promise<Sdk> } = {};
  return {
    provider: 'openai-compatible',
    model: config.model,
    async generate(request) {
      loaded.sdk ??= loadSdk(config);
      return answerOf(await loaded.sdk, config, request);
    },
  };
}

async function loadSdk(config: OpenaiConfig): Promise<Sdk> {
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
    fetch: boundedFetch,
  });
  return { generateText, streamText, model: provider.chatModel(config.model) };
}

async function answerOf(sdk: Sdk, config: OpenaiConfig, request: ModelRequest): Promise<ModelResponse> {
  const timeoutSeconds = config.timeout_seconds ?? defaultTimeoutSeconds;
  const own = new AbortController();
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), timeoutSeconds * 1_000);
  try {
    request.signal.throwIfAborted();
    return await chatCall(sdk, config, request, AbortSignal.any([request.signal, late.signal, own.signal]));
  } catch (thrown) {
    if (request.signal.aborted) throw cancellation(request.signal);
    if (late.signal.aborted) throw tooLate(config, timeoutSeconds, thrown);
    throw modelError(thrown, config, Date.now());
  } finally {
    clearTimeout(timer);
    own.abort();
  }
}

function tooLate({ model }: OpenaiConfig, seconds: number, cause: unknown): LlmteamError {
  return new LlmteamError('LLM_FAILED', `model '${model}' gave no complete answer within ${seconds} s`, { cause });
}
