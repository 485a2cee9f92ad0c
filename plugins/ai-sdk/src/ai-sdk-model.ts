/**
 * Purpose: makes a model of ours from one of the AI SDK.
 * Owns: one call: its time limits, its errors, what of the answer is kept.
 * Does not own: the protocol (the SDK's model), retries (the step's retry policy), fallback models (`llm_agent`).
 * Invariants:
 *  A1 the SDK is loaded by the first call, not with the plugin: importing it takes longer than a run of small steps
 *  A2 a call ends with its signal and its time limits, whatever the SDK does, and its connection is released
 *  A3 no error contains a secret, the prompt or the raw answer (model-error.ts)
 *  A4 an answer is whole, or it is an error: a stream without its end is none
 */
import { type LanguageModel, LlmteamError, type ModelRequest, type ModelResponse } from '@llmteam/contracts';
import { answerOf } from './answer.js';
import { cancellation } from './cancellation.js';
import { modelError } from './model-error.js';
import type { AnswerOptions, SdkModel, SdkModelSource, TimeLimits } from './model-options.js';
import { openTimeLimits } from './time-limits.js';

/** Which model of the SDK, how long a call may take, and what is special to its service. */
export type AiSdkModelOptions = SdkModelSource & TimeLimits & AnswerOptions;

/**
 * The model of the SDK as one of ours. Every call of `generate` calls the SDK once. Give the SDK no retries of its own, and give
 * it a `fetch` that is bounded ({@link boundedFetch}).
 *
 * Of the usage, what the service does not tell is zero tokens; `cached_input_tokens` and `reasoning_tokens` are then absent.
 * `generate` rejects with `LLM_FAILED` (recoverable: network, time limits, 408, 409, 425, 429, 5xx, an answer that is cut off or
 * cannot be read) or `LLM_REFUSED` (other 3xx and 4xx, a refusal, a filtered answer); `details.status`, `details.retry_after_seconds`
 * (0 … 3600); `CANCELLED` or the reason of the signal.
 */
export function aiSdkModel(options: AiSdkModelOptions): LanguageModel {
  const names = 'sdkModel' in options ? namesOf(options.sdkModel) : options;
  const load = loaderOf(options);
  return {
    provider: names.provider,
    model: names.model,
    generate: (request) => limited(load, { ...options, name: names.model }, request),
  };
}

function namesOf({ provider, modelId }: SdkModel): { readonly provider: string; readonly model: string } {
  return { provider, model: modelId };
}

/** Loads once; again after a failure. */
function loaderOf(options: AiSdkModelOptions): () => Promise<SdkModel> {
  const loaded: { model?: Promise<SdkModel> } = {};
  const load = 'sdkModel' in options ? () => options.sdkModel : options.load;
  return async () => {
    loaded.model ??= Promise.resolve(load()).then(checkedVersion);
    try {
      return await loaded.model;
    } catch (thrown) {
      delete loaded.model;
      throw thrown;
    }
  };
}

function checkedVersion(model: SdkModel): SdkModel {
  const { specificationVersion } = model as { readonly specificationVersion: unknown };
  if (specificationVersion === 'v3') return model;
  throw new LlmteamError(
    'LLM_REFUSED',
    `model '${model.modelId}' speaks ${String(specificationVersion)} of the AI SDK's provider specification, not v3`,
  );
}

async function limited(
  load: () => Promise<SdkModel>,
  options: AiSdkModelOptions & { readonly name: string },
  request: ModelRequest,
): Promise<ModelResponse> {
  const own = new AbortController();
  const limits = openTimeLimits(options);
  const signal = AbortSignal.any([request.signal, limits.signal, own.signal]);
  try {
    request.signal.throwIfAborted();
    return await untilAborted(
      load().then((sdkModel) => answerOf({ sdkModel, options, limits, signal }, request)),
      signal,
    );
  } catch (thrown) {
    if (request.signal.aborted) throw cancellation(request.signal);
    throw modelError(limits.passed ?? thrown, options.name, request.redact, Date.now());
  } finally {
    limits.close();
    own.abort();
  }
}

/** What `work` settles with; rejects at once when the signal aborts, though the work may not notice. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
