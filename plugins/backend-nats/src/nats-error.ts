import { type Code, isLlmteamError, LlmteamError } from '@llmteam/contracts';
import { JetStreamApiError } from '@nats-io/jetstream';
import { errors } from '@nats-io/transport-node';

/** The server's API error codes that need special handling. */
export const apiErrors = {
  noJetstream: 10_076,
  messageTooLarge: 10_054,
  consumerNotFound: 10_014,
  streamNotFound: 10_059,
  wrongLastSequence: 10_071,
  wrongLastSequenceUnknown: 10_164,
  storeFailed: 10_077,
  consumerExists: 10_148,
} as const;

/** The server's answer in place of an acknowledgement. */
export interface ApiError {
  readonly code: number;
  readonly err_code: number;
  readonly description: string;
}

/** Converts a stream's refusal of a message. */
export function refusal(what: string, error: ApiError): LlmteamError {
  const { err_code, description } = error;
  const message = `${what}: the NATS server refused it: ${description} (${err_code})`;
  return new LlmteamError(codeOf(error), message, { details: { err_code } });
}

const full = /maximum (bytes|messages) exceeded|no space left|resource limits|insufficient/;

function codeOf({ err_code, description }: ApiError): Code {
  if (err_code === apiErrors.messageTooLarge) return 'LIMIT_EXCEEDED';
  return full.test(description) ? 'STORE_FULL' : 'STORE_FAILED';
}

export function isWrongLastSequence(errCode: unknown): boolean {
  return errCode === apiErrors.wrongLastSequence || errCode === apiErrors.wrongLastSequenceUnknown;
}

export function apiErrorCode(thrown: unknown): number | undefined {
  return thrown instanceof JetStreamApiError ? thrown.code : undefined;
}

/** Converts anything the client threw. */
export function natsError(what: string, thrown: unknown): LlmteamError {
  if (isLlmteamError(thrown)) return thrown;
  if (thrown instanceof JetStreamApiError) {
    return refusal(what, { code: thrown.status, err_code: thrown.code, description: thrown.message });
  }
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  const options = { cause: thrown };
  const violation = permissionViolation(thrown);
  if (violation !== null) {
    const text = `the NATS server does not permit it: ${violation.operation} '${violation.subject}'`;
    return new LlmteamError('BACKEND_UNSUITABLE', `${what}: ${text}`, options);
  }
  if (thrown instanceof errors.InvalidArgumentError && reason.includes('max_payload')) {
    return new LlmteamError('LIMIT_EXCEEDED', `${what}: larger than the NATS server's max_payload`, options);
  }
  return new LlmteamError('BACKEND_UNREACHABLE', `${what}: the NATS server did not answer (${reason})`, options);
}

/** JetStream does not answer. At startup that means it is not enabled; later it may be temporary. */
export function isWithoutJetstream(thrown: unknown): boolean {
  if (apiErrorCode(thrown) === apiErrors.noJetstream) return true;
  return thrown instanceof Error && (thrown.name === 'JetStreamNotEnabled' || isWithoutJetstream(thrown.cause));
}

function permissionViolation(thrown: unknown): InstanceType<typeof errors.PermissionViolationError> | null {
  if (thrown instanceof errors.PermissionViolationError) return thrown;
  return thrown instanceof Error ? permissionViolation(thrown.cause) : null;
}
