import { type Code, is_llmteam_error, LlmteamError } from '@llmteam/contracts';
import { JetStreamApiError } from '@nats-io/jetstream';
import { errors } from '@nats-io/transport-node';

/** Error numbers of the server that mean something here. */
export const api_errors = {
  no_jetstream: 10_076,
  message_too_large: 10_054,
  stream_not_found: 10_059,
  wrong_last_sequence: 10_071,
  wrong_last_sequence_unknown: 10_164,
  store_failed: 10_077,
  consumer_exists: 10_148,
} as const;

/** What the server answers instead of an acknowledgement. */
export interface ApiError {
  readonly code: number;
  readonly err_code: number;
  readonly description: string;
}

/** The reason a stream refused a message, as an error of ours. */
export function refusal(what: string, error: ApiError): LlmteamError {
  const { err_code, description } = error;
  const message = `${what}: the NATS server refused it: ${description} (${err_code})`;
  return new LlmteamError(code_of(error), message, { details: { err_code } });
}

const full = /maximum (bytes|messages) exceeded|no space left|resource limits|insufficient/;

function code_of({ err_code, description }: ApiError): Code {
  if (err_code === api_errors.message_too_large) return 'LIMIT_EXCEEDED';
  return full.test(description) ? 'STORE_FULL' : 'STORE_FAILED';
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
  const options = { cause: thrown };
  const violation = permission_violation(thrown);
  if (violation !== null) {
    const text = `the NATS server does not permit it: ${violation.operation} '${violation.subject}'`;
    return new LlmteamError('BACKEND_UNSUITABLE', `${what}: ${text}`, options);
  }
  if (thrown instanceof errors.InvalidArgumentError && reason.includes('max_payload')) {
    return new LlmteamError('LIMIT_EXCEEDED', `${what}: larger than the NATS server's max_payload`, options);
  }
  return new LlmteamError('BACKEND_UNREACHABLE', `${what}: the NATS server did not answer (${reason})`, options);
}

/** Nobody on the server answers for streams. At the start that is how it is configured; later it may pass. */
export function is_without_jetstream(thrown: unknown): boolean {
  if (api_error_code(thrown) === api_errors.no_jetstream) return true;
  return thrown instanceof Error && (thrown.name === 'JetStreamNotEnabled' || is_without_jetstream(thrown.cause));
}

function permission_violation(thrown: unknown): InstanceType<typeof errors.PermissionViolationError> | null {
  if (thrown instanceof errors.PermissionViolationError) return thrown;
  return thrown instanceof Error ? permission_violation(thrown.cause) : null;
}
