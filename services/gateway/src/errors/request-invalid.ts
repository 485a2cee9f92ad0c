import { type Code, LlmteamError, type RequestProblem } from '@llmteam/contracts';

/** An error that lists every problem of a request and where it is. */
export function requestInvalid(problems: readonly RequestProblem[], code: Code = 'REQUEST_INVALID'): LlmteamError {
  const [first] = problems;
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
  const place = first === undefined || first.path === '' ? (first?.in ?? '') : `${first.in ?? 'body'} ${first.path}`;
  const message = first === undefined ? 'the request is not valid' : `${place}: ${withoutPlace(first)}${more}`;
  return new LlmteamError(code, message, { details: { problems: problems as unknown as never } });
}

/** Problems of a body begin with `body: `, which the place says already. */
function withoutPlace({ in: where = 'body', message }: RequestProblem): string {
  const beginning = `${where}: `;
  return message.startsWith(beginning) ? message.slice(beginning.length) : message;
}

/** An error for a single problem of a request. */
export function wrong(
  where: NonNullable<RequestProblem['in']>,
  path: string,
  code: string,
  message: string,
): LlmteamError {
  return requestInvalid([{ in: where, severity: 'error', code, message, path }]);
}
