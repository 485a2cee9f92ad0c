import type { ProblemDetails, RequestProblem } from '@llmteam/contracts';

/**
 * What the gateway refused, or that it could not be reached: `status` is 0 then, and `code` is `UNREACHABLE`. An answer that is not a
 * gateway's has the code `UNKNOWN`.
 */
export class ApiError extends Error {
  readonly status: number;
  /** A code of the error table. */
  readonly code: string;
  /** What is wrong with the request, place by place. */
  readonly problems: readonly RequestProblem[];
  /** When it may be tried again; null: not said. */
  readonly retryAfterSeconds: number | null;
  /** To find it in the gateway's log. */
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

/** Reads the problem document of an answer that is none of success. */
export async function errorOf(response: Response): Promise<ApiError> {
  const text = await response.text().catch(() => '');
  const { headers, status } = response;
  try {
    const { code, detail, problems } = JSON.parse(text) as ProblemDetails;
    if (typeof code === 'string')
      return new ApiError(status, { code, detail, ...(problems && { problems }) }, { headers });
  } catch {
    // Not from the gateway: a proxy in between answered.
  }
  return new ApiError(status, { code: 'UNKNOWN', detail: `the server answered ${status}` }, { headers });
}

/** Something else than a gateway answered, though with success. */
export function foreignAnswer({ status, headers }: Response, what: string, cause?: unknown): ApiError {
  const detail = `the answer (${status}) ${what}`;
  return new ApiError(status, { code: 'UNKNOWN', detail }, { headers, cause });
}
