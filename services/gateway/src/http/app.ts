/**
 * Purpose: the Koa application: what every answer has in common, and the routes of the table.
 * Owns: the last catch. Whatever is thrown becomes a problem document, and what is ours is logged with the request's id.
 */

import cors from '@koa/cors';
import Router from '@koa/router';
import { errorCodes, isLlmteamError, LlmteamError } from '@llmteam/contracts';
import Koa, { type Context, type Middleware, type Next } from 'koa';
import compress from 'koa-compress';
import { routes } from '../routes/table.js';
import type { Services } from '../services.js';
import { checkFront } from './front.js';
import { makePipeline } from './pipeline.js';
import { problemAnswer } from './problem.js';
import { pathMatcher, routerPath } from './router-path.js';

const compressFromBytes = 1_024;
const idPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

export function makeApp(services: Services): Koa {
  const app = new Koa({ proxy: false });
  app.silent = true;
  app.use(markAnswer(services));
  app.use(catchErrors(services));
  app.use(corsRules(services));
  app.use(compressForTakers(compress({ threshold: compressFromBytes, br: false, zstd: false })));
  app.use(refuseEarly(services));
  app.use(makeRouter(services).routes());
  app.use(nothingHere);
  return app;
}

function makeRouter(services: Services): Router {
  const router = new Router({ strict: true, sensitive: true, exclusive: true });
  for (const route of routes) {
    const pipeline = makePipeline(route, services);
    router.register(routerPath(route.path), [route.method], async (context) => {
      context.state.operation = route.operation;
      await pipeline(context);
    });
  }
  return router;
}

/** Ids, headers of every answer, log and metrics. */
function markAnswer({ newId, log, metrics, clock }: Services): Middleware {
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
    const { operation = 'none', tenant_id } = context.state;
    const ms = clock.now() - began;
    const isOpenEnd = context.respond === false || context.query.wait !== undefined;
    metrics.requestAnswered(operation, context.status, isOpenEnd ? null : ms / 1_000);
    log.debug({ request_id: requestId, operation, tenant_id, status: context.status, ms }, 'a request was answered');
  };
}

function catchErrors({ log }: Services): Middleware {
  return async (context, next) => {
    try {
      await next();
    } catch (thrown) {
      const { status, body, headers } = problemAnswer(thrown);
      if (status >= 500 && !isExpected(thrown)) {
        log.error({ err: thrown, request_id: context.state.request_id }, 'a request could not be served');
      }
      context.status = status;
      context.set(headers);
      // What is left of the body is not read: the connection cannot be used again.
      if (!context.req.complete) context.set('Connection', 'close');
      context.type = 'application/problem+json; charset=utf-8';
      context.body = JSON.stringify(body);
    }
  };
}

/** Said by a component that knows what is wrong, as when a disk is full. */
function isExpected(thrown: unknown): boolean {
  return isLlmteamError(thrown) && thrown.code in errorCodes && thrown.recoverable;
}

function corsRules({ origins = [] }: Services): Middleware {
  const rules = cors({
    origin: (context: Context) => (origins.includes(context.get('Origin')) ? context.get('Origin') : ''),
    allowMethods: 'GET,HEAD,POST,DELETE',
    allowHeaders: 'Authorization,Content-Type,Idempotency-Key,If-Match,If-None-Match,Last-Event-ID,X-Request-Id',
    exposeHeaders: 'ETag,Location,Retry-After,X-Request-Id',
    maxAge: 600,
    keepHeadersOnError: false,
  });
  return rules;
}

/** Only for who asks for gzip. Who refuses every encoding, the plain one included, gets the plain one: it is the answer all the same. */
function compressForTakers(compressing: Middleware): Middleware {
  return (context, next) => {
    const accepted = context.get('Accept-Encoding');
    const isTaker = /\bgzip\b/i.test(accepted) && !/;\s*q=0(\.0*)?\s*(,|$)/.test(accepted);
    return isTaker ? compressing(context, next) : next();
  };
}

function refuseEarly({ limits, isOpen }: Services): Middleware {
  return async (context, next) => {
    checkFront(context.req, limits);
    const needsBackend = context.path.startsWith('/api/v1/') && context.path !== '/api/v1/openapi.json';
    if (needsBackend && !isOpen()) throw new LlmteamError('NOT_READY', 'the gateway is starting or stopping');
    await next();
  };
}

const matchers = routes.map(({ method, path }) => ({ method, match: pathMatcher(path) }));

/** No route took the request: the address is not there, or not with this method. */
async function nothingHere(context: Context, next: Next): Promise<void> {
  await next();
  const methods = matchers.filter(({ match }) => match(context.path) !== null).map(({ method }) => method);
  if (methods.length === 0) throw new LlmteamError('ROUTE_UNKNOWN', 'there is nothing at this address');
  const names = [
    ...new Set(methods.flatMap((method) => (method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()]))),
  ];
  context.set('Allow', names.join(', '));
  throw new LlmteamError('METHOD_NOT_ALLOWED', `the address takes ${names.join(', ')}`);
}
