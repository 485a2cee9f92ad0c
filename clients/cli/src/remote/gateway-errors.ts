/** Translates failed gateway calls into errors of the error table: one line that says what can be done. */
import { isLlmteamError, LlmteamError } from '@llmteam/contracts';
import { ApiError } from '@llmteam/sdk';

/** Messages for unknown ids by error code: the gateway's own message does not repeat the id. */
export type Unknowns = Readonly<
  Partial<Record<'RUN_UNKNOWN' | 'TASK_UNKNOWN' | 'STEP_UNKNOWN' | 'SEGMENT_UNKNOWN', string>>
>;

/** Returns errors other than `ApiError` unchanged. */
export function asGatewayError(thrown: unknown, url: string, unknowns: Unknowns = {}): unknown {
  if (!(thrown instanceof ApiError)) return thrown;
  if (thrown.status === 0) return unreachable(thrown, url);
  if (thrown.code === 'UNKNOWN') return foreign(thrown, url);
  const hint = hintFor(thrown, url);
  const text = unknowns[thrown.code as keyof Unknowns] ?? messageOf(thrown);
  const message = hint === '' ? text : `${text.replace(/\.$/, '')}; ${hint}`;
  const problems = thrown.problems.length === 0 ? {} : { details: { problems: [...thrown.problems] as never } };
  return new LlmteamError(thrown.code, message, { cause: thrown, ...problems });
}

function messageOf({ code, message, problems }: ApiError): string {
  if (code !== 'INPUT_INVALID' || problems.length === 0) return message;
  return problems.map((problem) => problem.message).join('\n');
}

function hintFor({ code, status, retryAfterSeconds, requestId }: ApiError, url: string): string {
  switch (code) {
    case 'UNAUTHENTICATED':
      return `check $LLMTEAM_KEY or --key; 'llmteam keys list' on the host of ${url} lists the valid keys`;
    case 'FORBIDDEN':
      return "'llmteam keys create --role …' creates a key with another role";
    case 'ROUTE_UNKNOWN':
      return `is ${url} the address of the gateway?`;
    case 'NOT_READY':
      return '';
    case 'RATE_LIMITED':
      return retryAfterSeconds === null ? 'try again later' : `try again in ${Math.ceil(retryAfterSeconds)} s`;
    default:
      return status < 500 || requestId === null ? '' : `see request ${requestId} in the log of the gateway`;
  }
}

function foreign({ message, status }: ApiError, url: string): LlmteamError {
  const what = message.replace(/^the server/, url);
  const hint = status >= 500 ? 'a proxy responded, or the gateway is down' : 'is it the address of a gateway?';
  return new LlmteamError('GATEWAY_ANSWER_INVALID', `${what === message ? `${url}: ${what}` : what}; ${hint}`);
}

function unreachable({ cause }: ApiError, url: string): LlmteamError {
  if (isLlmteamError(cause)) return cause;
  const { code, message } = innermost(cause);
  const reason = reasons[code] ?? (tlsCode.test(code) ? `its certificate is not trusted: ${message}` : message);
  const hint = unknownIssuer.test(code) ? '; NODE_EXTRA_CA_CERTS names a file with trusted certificates' : '';
  return new LlmteamError('GATEWAY_UNREACHABLE', `the gateway at ${url} cannot be reached: ${reason}${hint}`, {
    cause,
  });
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the connection was lost',
  UND_ERR_SOCKET: 'the connection was lost',
  ENOTFOUND: 'host not found',
  EAI_AGAIN: 'the host name cannot be resolved',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the host',
  ETIMEDOUT: 'timed out',
  UND_ERR_CONNECT_TIMEOUT: 'timed out',
  UND_ERR_HEADERS_TIMEOUT: 'timed out',
  UND_ERR_BODY_TIMEOUT: 'timed out',
  TimeoutError: 'timed out',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not use TLS; did you mean http://?',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it does not use TLS; did you mean http://?',
};

const unknownIssuer = /SELF_SIGNED|UNABLE_TO_|ISSUER/;
const tlsCode = /CERT|SELF_SIGNED|UNABLE_TO_|ISSUER/;

/** Node wraps the actual error in a `fetch failed`. */
function innermost(thrown: unknown): { readonly code: string; readonly message: string } {
  let found = thrown;
  while (found instanceof Error && found.cause instanceof Error) found = found.cause;
  if (!(found instanceof Error)) return { code: '', message: String(found) };
  const code = 'code' in found && typeof found.code === 'string' ? found.code : found.name;
  return { code, message: found.message };
}
