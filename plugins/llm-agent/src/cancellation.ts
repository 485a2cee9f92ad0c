import { is_llmteam_error, LlmteamError } from '@llmteam/contracts';

/** What to throw once `signal` is aborted. */
export function cancellation({ reason }: AbortSignal): LlmteamError {
  return is_llmteam_error(reason)
    ? reason
    : new LlmteamError('CANCELLED', 'the model call was cancelled', { cause: reason });
}
