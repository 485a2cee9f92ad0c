import { type Json, LlmteamError, type StepContext } from '@llmteam/contracts';
import type { HttpActionConfig, HttpMethod } from './config.js';
import { type Target, targetOf } from './target.js';

export interface HttpRequest {
  readonly method: HttpMethod;
  readonly target: Target;
  /** Keyed by lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string | null;
}

type RequestContext = Pick<StepContext, 'client' | 'idempotency_key'>;

const bodyless: readonly HttpMethod[] = ['GET', 'HEAD', 'DELETE', 'OPTIONS'];
const unsafe: readonly HttpMethod[] = ['POST', 'PUT', 'PATCH', 'DELETE'];

/** Connection and framing headers: setting them would allow request smuggling. */
const managedHeaders: ReadonlySet<string> = new Set([
  ...['accept-encoding', 'connection', 'content-length', 'expect', 'host', 'http2-settings', 'keep-alive'],
  ...['proxy-authorization', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'],
]);

/** @throws LlmteamError `EGRESS_BLOCKED`, `STEP_CONFIG_INVALID`, `CONFIG_INVALID`, `UNKNOWN_REF` */
export function requestOf(config: HttpActionConfig, context: RequestContext, input: Json): HttpRequest {
  const method = config.method ?? 'POST';
  const target = targetOf(config, context);
  const body = bodyOf(config.body, method, input);
  const headers = new Map([
    ['accept-encoding', 'gzip, deflate, br'],
    ['accept', config.response === 'text' ? '*/*' : 'application/json, */*;q=0.5'],
    ['user-agent', 'llmteam'],
  ]);
  if (body !== null) headers.set('content-type', body.mediaType);
  if (unsafe.includes(method)) headers.set('idempotency-key', context.idempotency_key);
  addHeaders(headers, config.headers ?? {}, 'STEP_CONFIG_INVALID');
  addHeaders(headers, target.clientHeaders, 'CONFIG_INVALID');
  return { method, target, headers, body: body?.text ?? null };
}

function bodyOf(body: Json | undefined, method: HttpMethod, input: Json) {
  if (body === null || (body === undefined && bodyless.includes(method))) return null;
  if (typeof body === 'string') return { text: body, mediaType: 'text/plain; charset=utf-8' };
  return { text: JSON.stringify(body ?? input), mediaType: 'application/json' };
}

function addHeaders(
  headers: Map<string, string>,
  more: Readonly<Record<string, string>>,
  code: 'STEP_CONFIG_INVALID' | 'CONFIG_INVALID',
): void {
  for (const [name, value] of Object.entries(more)) {
    const lower = name.toLowerCase();
    const shown = JSON.stringify(name.slice(0, 64));
    if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(lower)) throw new LlmteamError(code, `${shown} is not a valid header name`);
    if (managedHeaders.has(lower)) throw new LlmteamError(code, `header ${shown} is set by http_action itself`);
    if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) {
      throw new LlmteamError(code, `the value of header ${shown} contains characters that are not allowed in a header`);
    }
    headers.set(lower, value);
  }
}
