/** Errors as problem documents (RFC 9457). The only place where an error code becomes a status. */
import {
  type Code,
  errorCodes,
  isLlmteamError,
  LlmteamError,
  type ProblemDetails,
  type RequestProblem,
} from '@llmteam/contracts';

export interface ProblemResponse {
  readonly status: number;
  readonly body: ProblemDetails;
  readonly headers: Readonly<Record<string, string>>;
}

function isTableCode(code: string): code is Code {
  return Object.hasOwn(errorCodes, code);
}

/**
 * What the client sees. Missing resources and those of other tenants get the same words; server errors show only the meaning of their
 * code, because messages may contain paths and host names.
 */
export function problemResponse(thrown: unknown): ProblemResponse {
  const error = isLlmteamError(thrown) ? thrown : fromHttpError(thrown);
  const code = error !== null && isTableCode(error.code) ? error.code : 'INTERNAL';
  const { http: status, about } = errorCodes[code];
  const isOpen = error !== null && code !== 'INTERNAL' && status < 500 && status !== 404;
  const problems = isOpen ? problemsOf(error) : null;
  const body: ProblemDetails = {
    type: `urn:llmteam:error:${code}`,
    title: about,
    status,
    code,
    detail: isOpen ? error.message : about,
    ...(problems !== null && { problems: [...problems] }),
  };
  return { status, body, headers: headersOf(status, error) };
}

function problemsOf({ details }: LlmteamError): readonly RequestProblem[] | null {
  const problems: unknown = details?.problems;
  return Array.isArray(problems) ? (problems as RequestProblem[]) : null;
}

function headersOf(status: number, error: LlmteamError | null): Record<string, string> {
  if (status === 401) return { 'WWW-Authenticate': 'Bearer realm="llmteam"' };
  const seconds = error?.details?.retry_after_seconds;
  if (typeof seconds === 'number') return { 'Retry-After': String(Math.max(1, Math.ceil(seconds))) };
  return status === 503 || status === 429 ? { 'Retry-After': '1' } : {};
}

/** Errors that Koa and its middleware throw. */
function fromHttpError(thrown: unknown): LlmteamError | null {
  if (typeof thrown !== 'object' || thrown === null || !('status' in thrown)) return null;
  const { status } = thrown;
  if (typeof status === 'number' && status >= 400 && status < 500)
    return new LlmteamError('REQUEST_INVALID', 'the request could not be read', { cause: thrown });
  return null;
}
