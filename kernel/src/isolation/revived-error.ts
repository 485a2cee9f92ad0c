import { type ErrorInfo, LlmteamError } from '@llmteam/contracts';

/** The error behind an ErrorInfo from the other side, which may send anything instead of one. */
export function revivedError(info: ErrorInfo): LlmteamError {
  const { error_type, error_code, error_message, recoverable, details } = info;
  const code = textOf(error_code, 'STEP_FAILED');
  const options = {
    recoverable: recoverable === true,
    ...(typeof details === 'object' && details !== null && { details }),
  };
  const error = new LlmteamError(code, textOf(error_message, 'an error without a message'), options);
  error.name = textOf(error_type, 'Error');
  return error;
}

function textOf(value: unknown, otherwise: string): string {
  return typeof value === 'string' && value !== '' ? value : otherwise;
}
