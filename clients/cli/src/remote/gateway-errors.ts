/** What went wrong at a gateway or on the way to it, as an error of the table: one line that says what can be done. */
import { isLlmteamError, LlmteamError } from '@llmteam/contracts';
import { ApiError } from '@llmteam/sdk';

/** What there is none of, in words, by the code that says so: a gateway does not repeat what it was asked for. */
export type Unknowns = Readonly<
  Partial<Record<'RUN_UNKNOWN' | 'TASK_UNKNOWN' | 'STEP_UNKNOWN' | 'SEGMENT_UNKNOWN', string>>
>;

/** Errors of other kinds are left as they are. */
export function asGatewayError(thrown: unknown, url: string, unknowns: Unknowns = {}): unknown {
  if (!(thrown instanceof ApiError)) return thrown;
  if (thrown.status === 0) return unreachable(thrown, url);
  if (thrown.code === 'UNKNOWN') return foreign(thrown, url);
  const hint = hintFor(thrown, url);
  const words = unknowns[thrown.code as keyof Unknowns] ?? wordsOf(thrown);
  const message = hint === '' ? words : `${words.replace(/\.$/, '')}; ${hint}`;
  const problems = thrown.problems.length === 0 ? {} : { details: { problems: [...thrown.problems] as never } };
  return new LlmteamError(thrown.code, message, { cause: thrown, ...problems });
}

function wordsOf({ code, message, problems }: ApiError): string {
  if (code !== 'INPUT_INVALID' || problems.length === 0) return message;
  return problems.map((problem) => problem.message).join('\n');
}

function hintFor({ code, status, retryAfterSeconds, requestId }: ApiError, url: string): string {
  switch (code) {
    case 'UNAUTHENTICATED':
      return `it is $LLMTEAM_KEY or --key that counts for ${url}, and 'llmteam keys list' there shows which keys do`;
    case 'FORBIDDEN':
      return "'llmteam keys create --role …' makes a key that may";
    case 'ROUTE_UNKNOWN':
      return `is ${url} the address of the gateway?`;
    case 'RATE_LIMITED':
      return retryAfterSeconds === null ? 'try again later' : `try again in ${Math.ceil(retryAfterSeconds)} s`;
    default:
      return status < 500 || requestId === null ? '' : `the gateway's log has more of request ${requestId}`;
  }
}

function foreign({ message, status }: ApiError, url: string): LlmteamError {
  const what = message.replace(/^the server/, url);
  const hint =
    status >= 500 ? 'something in between answered, or the gateway is down' : 'is it the address of a gateway?';
  return new LlmteamError('GATEWAY_ANSWER_INVALID', `${what === message ? `${url}: ${what}` : what}; ${hint}`);
}

function unreachable({ cause }: ApiError, url: string): LlmteamError {
  if (isLlmteamError(cause)) return cause;
  const { code, message } = innermost(cause);
  const reason = reasons[code] ?? (tlsCode.test(code) ? `its certificate is not trusted: ${message}` : message);
  const hint = unknownIssuer.test(code) ? '; NODE_EXTRA_CA_CERTS names a file with certificates to trust' : '';
  return new LlmteamError('GATEWAY_UNREACHABLE', `the gateway at ${url} cannot be reached: ${reason}${hint}`, {
    cause,
  });
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection broke',
  UND_ERR_SOCKET: 'the connection broke',
  ENOTFOUND: 'there is no host of that name',
  EAI_AGAIN: 'the name of the host cannot be looked up',
  EHOSTUNREACH: 'there is no way to the host',
  ENETUNREACH: 'there is no way to the host',
  ETIMEDOUT: 'it does not answer',
  UND_ERR_CONNECT_TIMEOUT: 'it does not answer',
  UND_ERR_HEADERS_TIMEOUT: 'it does not answer',
  UND_ERR_BODY_TIMEOUT: 'it does not answer',
  TimeoutError: 'it does not answer',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS; is it http:// instead?',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it does not speak TLS; is it http:// instead?',
};

const unknownIssuer = /SELF_SIGNED|UNABLE_TO_|ISSUER/;
const tlsCode = /CERT|SELF_SIGNED|UNABLE_TO_|ISSUER/;

/** Node wraps what happened in a `fetch failed`. */
function innermost(thrown: unknown): { readonly code: string; readonly message: string } {
  let found = thrown;
  while (found instanceof Error && found.cause instanceof Error) found = found.cause;
  if (!(found instanceof Error)) return { code: '', message: String(found) };
  const code = 'code' in found && typeof found.code === 'string' ? found.code : found.name;
  return { code, message: found.message };
}
