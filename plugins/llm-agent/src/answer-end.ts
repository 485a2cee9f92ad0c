import { isLlmteamError, type JsonObject, LlmteamError, type ModelResponse, type Usage } from '@llmteam/contracts';

const longestReason = 64;

/** How an answer may end; anything else is not an answer. */
const normalEnds: readonly string[] = ['stop', 'length', 'tool_calls'];

/** @throws LlmteamError `LLM_REFUSED` for a filtered answer, `LLM_FAILED` for any other abnormal end */
export function checkEnd(response: ModelResponse): void {
  const { finish_reason, model } = response;
  if (normalEnds.includes(finish_reason)) return;
  if (finish_reason === 'content_filter') {
    throw badAnswer('LLM_REFUSED', `model '${model}': the service filtered the answer (content_filter)`, response);
  }
  throw badAnswer('LLM_FAILED', `model '${model}': the answer ended ${shownReason(finish_reason)}`, response);
}

/** A long one is not cut: its beginning could be that of a secret. */
function shownReason(reason: string): string {
  if (reason === '') return 'without a finish reason';
  return reason.length > longestReason
    ? `with a finish reason of ${reason.length} characters`
    : `with the finish reason '${reason}'`;
}

/** @throws LlmteamError `LLM_FAILED` */
export function rejectEmpty(response: ModelResponse): void {
  const { finish_reason, model, text } = response;
  if (text.trim() !== '') return;
  const why = finish_reason === 'length' ? 'length: `max_tokens` was used up before it began' : finish_reason;
  throw badAnswer('LLM_FAILED', `model '${model}': the answer is empty (finish reason ${why})`, response);
}

/** An error for an answer that was paid for. */
export function badAnswer(
  code: 'LLM_FAILED' | 'LLM_REFUSED',
  message: string,
  { finish_reason, usage }: Pick<ModelResponse, 'finish_reason' | 'usage'>,
): LlmteamError {
  return new LlmteamError(code, message, { details: { finish_reason, usage: usage as unknown as JsonObject } });
}

/** What the answer behind an error of {@link badAnswer} cost. */
export function usageOf(error: unknown): Usage | undefined {
  if (!isLlmteamError(error)) return undefined;
  const { input_tokens, output_tokens } = (error.details?.usage ?? {}) as Partial<Usage>;
  if (typeof input_tokens !== 'number' || typeof output_tokens !== 'number') return undefined;
  return error.details?.usage as unknown as Usage;
}
