import { is_llmteam_error, LlmteamError } from '@llmteam/contracts';
import { JetStreamApiError } from '@nats-io/jetstream';
import { errors } from '@nats-io/transport-node';

/** Error numbers of the server that mean something here. */
export const api_errors = {
  insufficient_resources: 10_023,
  consumer_not_found: 10_014,
  message_too_large: 10_054,
  stream_not_found: 10_059,
  wrong_last_sequence: 10_071,
  wrong_last_sequence_unknown: 10_164,
  store_failed: 10_077,
  batch_has_duplicate: 10_201,
} as const;

/** What the server answers instead of an acknowledgement. */
export interface ApiError {
  readonly code: number;
  readonly err_code: number;
  readonly description: string;
}

/** The reason a stream refused a message, as an error of ours. */
export function refusal(what: string, error: ApiError): LlmteamError {
  const message = `${what}: the NATS server refused it: ${error.description} (${error.err_code})`;
  const details = { err_code: error.err_code };
  if (error.err_code === api_errors.message_too_large) return new LlmteamError('LIMIT_EXCEEDED', message, { details });
  const is_full =
    error.err_code === api_errors.insufficient_resources ||
    /maximum (bytes|messages) exceeded|no space left|resource limits|insufficient/.test(error.description);
  return new LlmteamError(is_full ? 'STORE_FULL' : 'STORE_FAILED', message, { details });
}

export function is_wrong_last_sequence(err_code: unknown): boolean {
  return err_code === api_errors.wrong_last_sequence || err_code === api_errors.wrong_last_sequence_unknown;
}

export function api_error_code(thrown: unknown): number | undefined {
  return thrown instanceof JetStreamApiError ? thrown.code : undefined;
}

/** Whatever the client threw, as an error of ours. */
export function nats_error(what: string, thrown: unknown): LlmteamError {
  if (is_llmteam_error(thrown)) return thrown;
  if (thrown instanceof JetStreamApiError) {
    return refusal(what, { code: thrown.status, err_code: thrown.code, description: thrown.message });
  }
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  if (thrown instanceof errors.PermissionViolationError) {
    return new LlmteamError('BACKEND_UNSUITABLE', `${what}: ${reason}`, { cause: thrown });
  }
  return new LlmteamError('BACKEND_UNREACHABLE', `${what}: the NATS server did not answer (${reason})`, {
    cause: thrown,
  });
}
