/**
 * Purpose: the Koa application: what all responses have in common, and the routes of the table.
 * Owns: error handling. Every error becomes a problem document; server errors are logged with the request id.
 */
import cors from '@koa/cors';
import Router from '@koa/router';
import { errorCodes, isLlmteamError, LlmteamError, type Logger } from '@llmteam/contracts';
import Koa, { type Context, type Middleware, type Next } from 'koa';
import compress from 'koa-compress';
import { RefusalPace } from '../limits/refusal-pace.js';
import { routes } from '../routes/table.js';
import { compressOnce } from './compressed-content.js';
import type { HttpDeps } from './http-deps.js';
import { makePipeline } from './pipeline.js';
import { problemResponse } from './problem.js';
import { guardRequest } from './request-guard.js';
import { traceRequest } from './request-span.js';
import { pathMatcher, routerPath } from './router-path.js';

const compressFromBytes = 1_024;
const idPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

export function makeApp(deps: HttpDeps): Koa {
  const app = new Koa({ proxy: false });
  app.silent = true;
  app.use(markResponse(deps));
  app.use(traceRequest());
  app.use(catchErrors(deps));
  app.use(corsRules(deps));
  app.use(compressIfAccepted(compress({ threshold: compressFromBytes, br: false, zstd: false })));
  app.use(refuseEarly(deps));
  app.use(makeRouter(deps).routes());
  app.use(noRoute);
  return app;
}

function makeRouter(deps: HttpDeps): Router {
  const router = new Router({ strict: true, sensitive: true, exclusive: true });
  for (const route of routes) {
    const pipeline = makePipeline(route, deps);
    router.register(routerPath(route.path), [route.method], async (context) => {
      context.state.operation = route.operation;
      context.state.route = route.path;
      context.state.changes = route.changes;
      await pipeline(context);
    });
  }
  return router;
}

/** Request id, common headers, log and metrics. */
function markResponse({ newId, log, metrics, clock, services: { readiness } }: HttpDeps): Middleware {
  return async (context, next) => {
    const given = context.get('X-Request-Id');
    const requestId = idPattern.test(given) ? given : newId();
    context.state.request_id = requestId;
    const began = clock.now();
    context.set({
      'X-Request-Id': requestId,
      'X-Content-Type-Options': 'nosniff',
      'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
      'Referrer-Policy': 'no-referrer',
      'Cache-Control': 'no-store',
    });
    await next();
    // The next request of this client goes to another gateway, not to one that is about to close the connection.
    if (readiness.isDraining && !context.headerSent) context.set('Connection', 'close');
    const { operation = 'none', span } = context.state;
    const ms = clock.now() - began;
    const isOpenEnd = context.respond === false || context.query.wait !== undefined;
    const traceId = span?.sampled === true ? span.trace_id : null;
    metrics.requestCompleted(operation, context.status, isOpenEnd ? null : ms / 1_000, traceId);
    logRequest(log, context, ms);
  };
}

/** A change at the default level, what only reads for those who look. Neither query nor body: they may hold what is secret. */
function logRequest(log: Logger, { state, status, respond }: Context, ms: number): void {
  const level = state.changes === true ? 'info' : 'debug';
  if (log.isLevelEnabled?.(level) === false) return;
  const { request_id, operation = 'none', tenant_id, span } = state;
  // A stream has only begun.
  const took = respond === false ? {} : { duration_ms: ms };
  log[level]({ request_id, operation, tenant_id, status, ...took, trace_id: span?.trace_id }, 'request completed');
}

function catchErrors({ log }: HttpDeps): Middleware {
  const refusals = new RefusalPace();
  return async (context, next) => {
    try {
      await next();
    } catch (thrown) {
      if (isOfGoneClient(thrown)) return;
      if (isLlmteamError(thrown) && thrown.code === 'RATE_LIMITED') await refusals.turn();
      if (sendProblem(context, thrown) >= 500 && !isExpected(thrown)) {
        log.error({ err: thrown, request_id: context.state.request_id }, 'a request could not be served');
      }
    }
  };
}

/** Returns the status. */
function sendProblem(context: Context, thrown: unknown): number {
  const { status, body, headers } = problemResponse(thrown);
  context.status = status;
  context.set(headers);
  // The rest of the body is not read, so the connection cannot be reused.
  if (!context.req.complete) context.set('Connection', 'close');
  context.type = 'application/problem+json; charset=utf-8';
  context.body = JSON.stringify(body);
  return status;
}

/** The reason of a signal that was aborted because nobody waits for the response. */
function isOfGoneClient(thrown: unknown): boolean {
  return thrown instanceof DOMException && thrown.name === 'AbortError';
}

/** Errors that a component raised knowingly, such as a full disk. */
function isExpected(thrown: unknown): boolean {
  return isLlmteamError(thrown) && thrown.code in errorCodes && thrown.recoverable;
}

function corsRules({ services: { origins } }: HttpDeps): Middleware {
  return cors({
    origin: (context: Context) => (origins.includes(context.get('Origin')) ? context.get('Origin') : ''),
    allowMethods: 'GET,HEAD,POST,DELETE',
    allowHeaders: 'Authorization,Content-Type,Idempotency-Key,If-Match,If-None-Match,Last-Event-ID,X-Request-Id',
    exposeHeaders: 'ETag,Idempotent-Replayed,Location,RateLimit,RateLimit-Policy,Retry-After,X-Request-Id',
    maxAge: 600,
    keepHeadersOnError: false,
  });
}

/** Compresses only for clients that accept gzip. A client that refuses every encoding, even the identity, gets the plain response. */
function compressIfAccepted(compressing: Middleware): Middleware {
  return (context, next) => {
    const accepted = context.get('Accept-Encoding');
    const isAccepted = /\bgzip\b/i.test(accepted) && !/;\s*q=0(\.0*)?\s*(,|$)/.test(accepted);
    if (!isAccepted) return next();
    return compressing(context, async () => {
      await next();
      await compressOnce(context);
    });
  };
}

function refuseEarly({ limits, hosts, services: { readiness } }: HttpDeps): Middleware {
  return async (context, next) => {
    try {
      guardRequest(context.req, limits, hosts);
    } catch (refusal) {
      // What follows on the connection may be the rest of this request.
      context.set('Connection', 'close');
      throw refusal;
    }
    const needsBackend = context.path.startsWith('/api/v1/') && context.path !== '/api/v1/openapi.json';
    if (needsBackend && !readiness.isOpen) throw readiness.refusal();
    await next();
  };
}

const matchers = routes.map(({ method, path }) => ({ method, match: pathMatcher(path) }));

/** No route matched: the path does not exist, or not with this method. */
async function noRoute(context: Context, next: Next): Promise<void> {
  await next();
  const methods = matchers.filter(({ match }) => match(context.path) !== null).map(({ method }) => method);
  if (methods.length === 0) throw new LlmteamError('ROUTE_UNKNOWN', 'there is no route at this path');
  const names = [
    ...new Set(methods.flatMap((method) => (method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()]))),
  ];
  context.set('Allow', names.join(', '));
  throw new LlmteamError('METHOD_NOT_ALLOWED', `this path allows ${names.join(', ')}`);
}
