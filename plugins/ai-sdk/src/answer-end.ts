import { type JsonObject, LlmteamError, type ModelResponse } from '@llmteam/contracts';

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

/** An error for an answer that was paid for. */
export function badAnswer(
  code: 'LLM_FAILED' | 'LLM_REFUSED',
  message: string,
  { finish_reason, usage }: Pick<ModelResponse, 'finish_reason' | 'usage'>,
): LlmteamError {
  return new LlmteamError(code, message, { details: { finish_reason, usage: usage as unknown as JsonObject } });
}
