/** Errors as answers: RFC 9457. The only place where a code becomes a status. */
import {
  type Code,
  errorCodes,
  isLlmteamError,
  LlmteamError,
  type ProblemDetails,
  type RequestProblem,
} from '@llmteam/contracts';

export interface ProblemAnswer {
  readonly status: number;
  readonly body: ProblemDetails;
  readonly headers: Readonly<Record<string, string>>;
}

function isTableCode(code: string): code is Code {
  return Object.hasOwn(errorCodes, code);
}

/**
 * What a caller is told. Of absent and foreign things the same words; of faults that are ours the meaning of the code only: messages may
 * name folders and hosts.
 */
export function problemAnswer(thrown: unknown): ProblemAnswer {
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

/** A request that is wrong in the places listed. */
export function requestInvalid(problems: readonly RequestProblem[], code: Code = 'REQUEST_INVALID'): LlmteamError {
  const [first] = problems;
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
  const place = first === undefined || first.path === '' ? (first?.in ?? '') : `${first.in ?? 'body'} ${first.path}`;
  const message = first === undefined ? 'the request is not valid' : `${place}: ${first.message}${more}`;
  return new LlmteamError(code, message, { details: { problems: problems as unknown as never } });
}

/** A single thing that is wrong. */
export function wrong(
  where: NonNullable<RequestProblem['in']>,
  path: string,
  code: string,
  message: string,
): LlmteamError {
  return requestInvalid([{ in: where, severity: 'error', code, message, path }]);
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

/** What Koa and its middlewares throw. */
function fromHttpError(thrown: unknown): LlmteamError | null {
  if (typeof thrown !== 'object' || thrown === null || !('status' in thrown)) return null;
  const { status } = thrown;
  if (typeof status === 'number' && status >= 400 && status < 500)
    return new LlmteamError('REQUEST_INVALID', 'the request could not be read', { cause: thrown });
  return null;
}
