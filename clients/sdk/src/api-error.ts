import type { ProblemDetails, RequestProblem } from '@llmteam/contracts';

/**
 * A failed call. If the gateway could not be reached, `status` is 0 and `code` is `UNREACHABLE`; if the response did not come from a
 * gateway, `code` is `UNKNOWN`.
 */
export class ApiError extends Error {
  readonly status: number;
  /** A code of the error table, `UNREACHABLE` or `UNKNOWN`. */
  readonly code: string;
  /** The problems of an invalid request. */
  readonly problems: readonly RequestProblem[];
  /** From `Retry-After` in seconds, null if there is none. */
  readonly retryAfterSeconds: number | null;
  /** Identifies the request in the gateway's log. */
  readonly requestId: string | null;

  constructor(
    status: number,
    problem: Pick<ProblemDetails, 'code' | 'detail' | 'problems'>,
    more: { readonly headers?: Headers; readonly cause?: unknown } = {},
  ) {
    super(problem.detail, more.cause === undefined ? undefined : { cause: more.cause });
    this.name = 'ApiError';
    this.status = status;
    this.code = problem.code;
    this.problems = problem.problems ?? [];
    const seconds = Number(more.headers?.get('Retry-After') ?? Number.NaN);
    this.retryAfterSeconds = Number.isFinite(seconds) ? seconds : null;
    this.requestId = more.headers?.get('X-Request-Id') ?? null;
  }
}

/** Reads the problem document of a non-2xx response. */
export async function errorOf(response: Response): Promise<ApiError> {
  const text = await response.text().catch(() => '');
  const { headers, status } = response;
  try {
    const { code, detail, problems } = JSON.parse(text) as ProblemDetails;
    if (typeof code === 'string')
      return new ApiError(status, { code, detail, ...(problems && { problems }) }, { headers });
  } catch {
    // Not a problem document: a proxy responded.
  }
  return new ApiError(status, { code: 'UNKNOWN', detail: `the server responded with ${status}` }, { headers });
}

/** The error for a 2xx response that did not come from a gateway. */
export function foreignResponse({ status, headers }: Response, what: string, cause?: unknown): ApiError {
  const detail = `the response (${status}) ${what}`;
  return new ApiError(status, { code: 'UNKNOWN', detail }, { headers, cause });
}
