/**
 * Purpose: what every request to a route goes through, in this order: key, permission, limits, path, query, headers, body; then the
 * handler; then the audit trail.
 * Invariants:
 *   P1 Nothing of the body is read before the request is authorised and within its limits.
 *   P2 Nothing is done before everything is validated.
 *   P3 A change that was done is in the audit trail before it is answered.
 */

import type { RouterContext } from '@koa/router';
import { type Json, LlmteamError } from '@llmteam/contracts';
import { auditRecord } from '../audit/audit-log.js';
import type { Principal } from '../keys/key-ring.js';
import type { ApiAnswer, ApiRequest, Route } from '../routes/route.js';
import type { Services } from '../services.js';
import { admit } from './authentication.js';
import { wrong } from './problem.js';
import { hasBody, readJson, readText } from './request-body.js';
import { checksOf, type RequestChecks } from './request-checks.js';

export type RoutePipeline = (context: RouterContext) => Promise<void>;

export function makePipeline(route: Route, services: Services): RoutePipeline {
  const checks = checksOf(route);
  return async (context) => {
    const principal = admit(route, context.req.headers, services.keys);
    context.state.tenant_id = principal.tenant_id;
    if (route.rate !== 'open') await services.tenants.admitRequest(principal.tenant_id);
    checks.checkParams(context.params);
    const query = checks.checkQuery(context.URL.searchParams);
    checks.checkHeaders(context.req.headers);
    const { text, body } = await readBody(route, checks, context, services);
    const requestId = String(context.state.request_id);
    const request: ApiRequest = {
      principal,
      params: context.params,
      query,
      body,
      text,
      header: (name) => context.get(name) || undefined,
      isHead: context.method === 'HEAD',
      request_id: requestId,
      leaving: leaving(context),
    };
    const answer = await route.handle(request, services);
    if (route.changes) await noteChange(route, principal, context, answer.status, services);
    give(context, (await answer.later?.()) ?? answer, requestId);
  };
}

async function readBody(
  { body: rule }: Route,
  checks: RequestChecks,
  { req }: RouterContext,
  { limits }: Services,
): Promise<{ text: string; body: Json }> {
  if (rule === undefined) {
    if (hasBody(req)) throw wrong('body', '', 'UNKNOWN_FIELD', 'the address takes no body');
    return { text: '', body: null };
  }
  const maxBytes = limits[rule.max];
  const text = await readText(req, maxBytes);
  if (text === '') {
    if (rule.required) throw wrong('body', '', 'MISSING_FIELD', 'the request needs a body');
    return { text, body: {} };
  }
  if (rule.read === 'text') return { text, body: null };
  const body = readJson(text, maxBytes);
  checks.checkBody(body);
  return { text, body };
}

/** The signal is made for who asks: most answers are given at once, and signals that fire are not cheap. */
function leaving({ res }: RouterContext): () => AbortSignal {
  let controller: AbortController | null = null;
  return () => {
    if (controller !== null) return controller.signal;
    const made = new AbortController();
    controller = made;
    if (res.destroyed) made.abort();
    res.once('close', () => {
      if (!res.writableFinished) made.abort();
    });
    return made.signal;
  };
}

async function noteChange(
  route: Route,
  { tenant_id, key, name }: Principal,
  context: RouterContext,
  status: number,
  { audit, clock }: Services,
): Promise<void> {
  const requestId = String(context.state.request_id);
  const record = { key, name, action: route.operation, target: context.path, status, request_id: requestId };
  await audit.append(tenant_id, auditRecord(clock, record));
}

function give(
  context: RouterContext,
  { status, headers = {}, body, content, stream }: ApiAnswer,
  requestId: string,
): void {
  context.status = status;
  context.set({ ...headers });
  if (stream !== undefined) {
    context.respond = false;
    stream(context.res, requestId);
  } else if (content !== undefined) {
    context.type = content.type;
    context.body = content.data;
  } else if (body === undefined) {
    context.body = null;
    context.status = status;
  } else {
    context.type = 'application/json; charset=utf-8';
    context.body = JSON.stringify(body);
  }
}

/** Of a route that is a WebSocket, asked for as if it were none. */
export function upgradeRequired(): LlmteamError {
  return new LlmteamError('UPGRADE_REQUIRED', 'the address is a WebSocket');
}
