/**
 * Purpose: the Koa application: what every answer has in common, and the routes of the table.
 * Owns: the last catch. Whatever is thrown becomes a problem document, and what is ours is logged with the request's id.
 */

import cors from '@koa/cors';
import Router from '@koa/router';
import { error_codes, is_llmteam_error, LlmteamError } from '@llmteam/contracts';
import Koa, { type Context, type Middleware, type Next } from 'koa';
import compress from 'koa-compress';
import { routes } from '../routes/table.js';
import type { Services } from '../services.js';
import { check_front } from './front.js';
import { make_pipeline } from './pipeline.js';
import { problem_answer } from './problem.js';
import { router_path } from './router-path.js';

const compress_from_bytes = 1_024;
const id_pattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

export function make_app(services: Services): Koa {
  const app = new Koa({ proxy: false });
  app.silent = true;
  app.use(mark_answer(services));
  app.use(catch_errors(services));
  app.use(cors_rules(services));
  app.use(compress_for_takers(compress({ threshold: compress_from_bytes, br: false, zstd: false })));
  app.use(refuse_early(services));
  app.use(make_router(services).routes());
  app.use(nothing_here);
  return app;
}

function make_router(services: Services): Router {
  const router = new Router({ strict: true, sensitive: true, exclusive: true });
  for (const route of routes) {
    const pipeline = make_pipeline(route, services);
    router.register(router_path(route.path), [route.method], async (context) => {
      context.state.operation = route.operation;
      await pipeline(context);
    });
  }
  return router;
}

/** Ids, headers of every answer, log and metrics. */
function mark_answer({ new_id, log, metrics, clock }: Services): Middleware {
  return async (context, next) => {
    const given = context.get('X-Request-Id');
    const request_id = id_pattern.test(given) ? given : new_id();
    context.state.request_id = request_id;
    const began = clock.now();
    context.set({
      'X-Request-Id': request_id,
      'X-Content-Type-Options': 'nosniff',
      'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
      'Referrer-Policy': 'no-referrer',
      'Cache-Control': 'no-store',
    });
    await next();
    const { operation = 'none', tenant_id } = context.state;
    const ms = clock.now() - began;
    const is_open_end = context.respond === false || context.query.wait !== undefined;
    metrics.request_answered(operation, context.status, is_open_end ? null : ms / 1_000);
    log.debug({ request_id, operation, tenant_id, status: context.status, ms }, 'a request was answered');
  };
}

function catch_errors({ log }: Services): Middleware {
  return async (context, next) => {
    try {
      await next();
    } catch (thrown) {
      const { status, body, headers } = problem_answer(thrown);
      if (status >= 500 && !is_expected(thrown)) {
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
function is_expected(thrown: unknown): boolean {
  return is_llmteam_error(thrown) && thrown.code in error_codes && thrown.recoverable;
}

function cors_rules({ origins = [] }: Services): Middleware {
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
function compress_for_takers(compressing: Middleware): Middleware {
  return (context, next) => {
    const accepted = context.get('Accept-Encoding');
    const is_taker = /\bgzip\b/i.test(accepted) && !/;\s*q=0(\.0*)?\s*(,|$)/.test(accepted);
    return is_taker ? compressing(context, next) : next();
  };
}

function refuse_early({ limits, is_open }: Services): Middleware {
  return async (context, next) => {
    check_front(context.req, limits);
    const needs_backend = context.path.startsWith('/api/v1/') && context.path !== '/api/v1/openapi.json';
    if (needs_backend && !is_open()) throw new LlmteamError('NOT_READY', 'the gateway is starting or stopping');
    await next();
  };
}

const patterns = routes.map((route) => ({ route, matches: path_pattern(route.path) }));

/** No route took the request: the address is not there, or not with this method. */
async function nothing_here(context: Context, next: Next): Promise<void> {
  await next();
  const methods = patterns.filter(({ matches }) => matches.test(context.path)).map(({ route }) => route.method);
  if (methods.length === 0) throw new LlmteamError('ROUTE_UNKNOWN', 'there is nothing at this address');
  const names = [
    ...new Set(methods.flatMap((method) => (method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()]))),
  ];
  context.set('Allow', names.join(', '));
  throw new LlmteamError('METHOD_NOT_ALLOWED', `the address takes ${names.join(', ')}`);
}

function path_pattern(path: string): RegExp {
  return new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{[a-z_]+\}/g, '[^/]+')}$`);
}
