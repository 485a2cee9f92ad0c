import { badAnswer } from '@llmteam/ai-sdk';
import { isLlmteamError, type ModelResponse, type Usage } from '@llmteam/contracts';

/** @throws LlmteamError `LLM_FAILED` */
export function rejectEmpty(response: ModelResponse): void {
  const { finish_reason, model, text } = response;
  if (text.trim() !== '') return;
  const why = finish_reason === 'length' ? 'length: `max_tokens` was used up before it began' : finish_reason;
  throw badAnswer('LLM_FAILED', `model '${model}': the answer is empty (finish reason ${why})`, response);
}

/** What the answer behind an error of `badAnswer` cost. */
export function usageOf(error: unknown): Usage | undefined {
  if (!isLlmteamError(error)) return undefined;
  const { input_tokens, output_tokens } = (error.details?.usage ?? {}) as Partial<Usage>;
  if (typeof input_tokens !== 'number' || typeof output_tokens !== 'number') return undefined;
  return error.details?.usage as unknown as Usage;
}
