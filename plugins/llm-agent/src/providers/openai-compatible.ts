/**
 * Purpose: models behind any service with an OpenAI-compatible chat completions API.
 * Owns: a single call: its timeout, size limit and errors.
 * Does not own: retries (the step's retry policy), fallback models (ask.ts).
 * Invariants:
 *  P1 the SDK is loaded by the first call, not with the plugin: importing it takes longer than a run of small steps
 *  P2 the connection is released when the call ends, whatever happens
 *  P3 no error contains an API key or header value (provider-error.ts)
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

export const openaiCompatible = {
  providerId: 'openai-compatible',
  description:
    'Any service with an OpenAI-compatible chat completions API: OpenAI, Azure, vLLM, Ollama, LM Studio and others.',
  config_schema: OpenaiConfig as unknown as JsonObject,
  create: (config) => openaiModel(config as OpenaiConfig),
} satisfies ModelProvider;

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
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), timeoutSeconds * 1_000);
  try {
    request.signal.throwIfAborted();
    return await chatCall(sdk, config, request, AbortSignal.any([request.signal, deadline.signal, own.signal]));
  } catch (thrown) {
    if (request.signal.aborted) throw cancellation(request.signal);
    if (deadline.signal.aborted) throw timedOut(config, timeoutSeconds, thrown);
    throw modelError(thrown, config, request.redact, Date.now());
  } finally {
    clearTimeout(timer);
    own.abort();
  }
}

function timedOut({ model }: OpenaiConfig, seconds: number, cause: unknown): LlmteamError {
  return new LlmteamError('LLM_FAILED', `model '${model}' gave no complete answer within ${seconds} s`, { cause });
}
