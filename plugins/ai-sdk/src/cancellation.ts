import { isLlmteamError, LlmteamError } from '@llmteam/contracts';

/** The error to throw once `signal` is aborted. */
export function cancellation({ reason }: AbortSignal): LlmteamError {
  return isLlmteamError(reason)
    ? reason
    : new LlmteamError('CANCELLED', 'the model call was cancelled', { cause: reason });
}
