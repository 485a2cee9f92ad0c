import { type Json, LlmteamError, type StepContext } from '@llmteam/contracts';
import { headerFault } from '@llmteam/egress';
import type { HttpActionConfig, HttpMethod } from './config.js';
import { type RequestBody, requestBodyOf } from './request-body.js';
import { type Target, targetOf } from './target.js';

export interface HttpRequest {
  readonly method: HttpMethod;
  readonly target: Target;
  /** Keyed by lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string | Uint8Array | null;
  /** Whether sending it twice does no harm; if not, a request that may have arrived is not sent again. */
  readonly isIdempotent: boolean;
}

type RequestContext = Pick<StepContext, 'client' | 'idempotency_key'>;

/** Methods that must not simply be repeated (RFC 9110, section 9.2.2). */
const unrepeatable: readonly HttpMethod[] = ['POST', 'PATCH'];
const unsafe: readonly HttpMethod[] = ['POST', 'PUT', 'PATCH', 'DELETE'];

const accepted = {
  json: 'application/json, */*;q=0.5',
  text: '*/*',
  base64: '*/*',
} as const;

/** @throws LlmteamError `EGRESS_BLOCKED`, `STEP_CONFIG_INVALID`, `CONFIG_INVALID`, `UNKNOWN_REF` */
export async function requestOf(config: HttpActionConfig, context: RequestContext, input: Json): Promise<HttpRequest> {
  const method = config.method ?? 'POST';
  const target = targetOf(config, context);
  const body = await requestBodyOf(config, method, input);
  return {
    method,
    target,
    headers: headersOf(config, context, { method, body, clientHeaders: target.clientHeaders }),
    body: body?.content ?? null,
    isIdempotent: config.idempotent ?? !unrepeatable.includes(method),
  };
}

interface Described {
  readonly method: HttpMethod;
  readonly body: RequestBody | null;
  readonly clientHeaders: Readonly<Record<string, string>>;
}

function headersOf(
  { response = 'json', headers: own = {} }: HttpActionConfig,
  { idempotency_key }: RequestContext,
  { method, body, clientHeaders }: Described,
): Map<string, string> {
  const headers = new Map([
    ['accept-encoding', 'gzip, deflate, br'],
    ['accept', accepted[response]],
    ['user-agent', 'llmteam'],
  ]);
  if (body !== null) headers.set('content-type', body.mediaType);
  if (unsafe.includes(method)) headers.set('idempotency-key', idempotency_key);
  addHeaders(headers, own, 'STEP_CONFIG_INVALID');
  addHeaders(headers, clientHeaders, 'CONFIG_INVALID');
  if (body?.isTypeFixed) {
    if (Object.keys(own).some((name) => name.toLowerCase() === 'content-type')) {
      throw new LlmteamError(
        'STEP_CONFIG_INVALID',
        'header "Content-Type" of `multipart` is set by http_action itself',
      );
    }
    headers.set('content-type', body.mediaType);
  }
  return headers;
}

function addHeaders(
  headers: Map<string, string>,
  more: Readonly<Record<string, string>>,
  code: 'STEP_CONFIG_INVALID' | 'CONFIG_INVALID',
): void {
  for (const [name, value] of Object.entries(more)) {
    const fault = headerFault(name, value, 'http_action');
    if (fault !== null) throw new LlmteamError(code, fault);
    headers.set(name.toLowerCase(), value);
  }
}
