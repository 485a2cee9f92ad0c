/**
 * Purpose: the steps of every request to a route, in this order: key, permission, limits, path, query, headers, body, handler, audit trail.
 * Invariants:
 *   P1 The body is not read before the request is authorised and within its limits.
 *   P2 The handler does not run before everything is validated.
 *   P3 A change is in the audit trail before the response is sent.
 */
import type { RouterContext } from '@koa/router';
import type { Json } from '@llmteam/contracts';
import { spareTurns } from '@llmteam/kernel';
import { auditRecord } from '../audit/audit-log.js';
import { wrong } from '../errors/request-invalid.js';
import type { Principal } from '../keys/key-ring.js';
import type { ApiRequest, ApiResponse, Route } from '../routes/route.js';
import { admit } from './authentication.js';
import { sendEvents } from './event-stream.js';
import type { HttpDeps } from './http-deps.js';
import { hasBody, isEmptyObject, readJson, readText } from './request-body.js';
import { checksOf, type RequestChecks } from './request-checks.js';
import { onResponseEnd } from './response-end.js';

export type RoutePipeline = (context: RouterContext) => Promise<void>;

export function makePipeline(route: Route, deps: HttpDeps): RoutePipeline {
  return async (context) => {
    const principal = admit(route, context.req.headers, deps.keys);
    context.state.tenant_id = principal.tenant_id;
    if (route.rate !== 'open') await admitRequest(context, principal.tenant_id, deps);
    const checks = checksOf(route);
    checks.checkParams(context.params);
    const query = checks.checkQuery(new URLSearchParams(context.querystring));
    checks.checkHeaders(context.req.headers);
    const { text, body } = await readBody(route, checks, context, deps);
    const request: ApiRequest = {
      principal,
      params: context.params,
      query,
      body,
      text,
      header: (name) => context.get(name) || undefined,
      isHead: context.method === 'HEAD',
      leaving: leaving(context),
      span: context.state.span,
    };
    const response = await route.handle(request, deps.services);
    // Its turn is over if it had to wait for the store, as many others may have.
    if (route.method === 'get' && route.rate !== 'open' && response.body !== undefined) await spareTurns.last();
    if (route.changes) await recordChange(route, principal, context, response, deps);
    respond(context, (await response.later?.()) ?? response, deps);
    if (route.rate !== 'open') countUnread(context, principal.tenant_id, deps);
  };
}

function countUnread({ req, res, body }: RouterContext, tenantId: string, { unread, metrics }: HttpDeps): void {
  if (typeof body !== 'string' && !Buffer.isBuffer(body)) return;
  const cutOff = (): void => {
    metrics.readerCutOff();
    req.socket.destroy();
  };
  onResponseEnd(req, res, unread.add(tenantId, { bytes: body.length, cutOff }));
}

async function admitRequest(context: RouterContext, tenantId: string, { tenants }: HttpDeps): Promise<void> {
  try {
    await tenants.admitRequest(tenantId);
  } finally {
    context.set({ ...(await tenants.requestHeaders(tenantId)) });
  }
}

async function readBody(
  { body: rule, method }: Route,
  checks: RequestChecks,
  { req, res }: RouterContext,
  { limits }: HttpDeps,
): Promise<{ text: string; body: Json }> {
  const goOn = (): void => {
    if (req.headers.expect !== undefined) res.writeContinue();
  };
  if (rule === undefined) {
    if (hasBody(req) && (method === 'get' || !(await isEmptyObject(req, goOn)))) {
      const but = method === 'get' ? '' : ' but an empty JSON object';
      throw wrong('body', '', 'UNKNOWN_FIELD', `this operation takes no request body${but}`);
    }
    return { text: '', body: null };
  }
  const maxBytes = limits[rule.max];
  const text = await readText(req, maxBytes, goOn);
  if (text === '') {
    if (rule.required) throw wrong('body', '', 'MISSING_FIELD', 'the request needs a body');
    return { text, body: {} };
  }
  if (rule.read === 'text') return { text, body: null };
  const body = readJson(text, maxBytes);
  checks.checkBody(body);
  return { text, body };
}

/** Creates the signal on demand: most responses are immediate, and signals that fire are not cheap. */
function leaving({ req, res }: RouterContext): () => AbortSignal {
  let controller: AbortController | null = null;
  return () => {
    if (controller !== null) return controller.signal;
    const made = new AbortController();
    controller = made;
    onResponseEnd(req, res, () => {
      if (!res.writableFinished) made.abort();
    });
    return made.signal;
  };
}

async function recordChange(
  route: Route,
  { tenant_id, key, name }: Principal,
  context: RouterContext,
  { status, target = context.path }: ApiResponse,
  { audit, clock }: HttpDeps,
): Promise<void> {
  const requestId = String(context.state.request_id);
  const record = { key, name, action: route.operation, target, status, request_id: requestId };
  await audit.append(tenant_id, auditRecord(clock, record));
}

function respond(
  context: RouterContext,
  { status, headers = {}, body, json, content, stream }: ApiResponse,
  { limits }: HttpDeps,
): void {
  // A client that does not read the response is cut off like one that does not read a stream. The next request has the usual timeout again.
  context.req.socket.setTimeout(limits.slow_reader_ms);
  context.status = status;
  context.set({ ...headers });
  if (stream !== undefined) {
    context.respond = false;
    sendEvents(context.res, stream);
  } else if (content !== undefined) {
    context.type = content.type;
    context.body = content.data;
  } else if (json === undefined && body === undefined) {
    context.body = null;
    context.status = status;
  } else {
    context.type = 'application/json; charset=utf-8';
    context.body = json ?? JSON.stringify(body);
  }
}
