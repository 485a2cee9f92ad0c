/** Routes that need no API key: health, metrics and the API reference. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { ServiceIndex, ServiceState } from '@llmteam/contracts';
import { Type } from 'typebox';
import { docsPage, docsPolicy, docsStyle } from './docs-page.js';
import { indexPage, serviceIndex } from './index-page.js';
import type { noBody, noQuery } from './parameters.js';
import { type ApiResponse, defineRoute, type Route, type RouteDeclaration } from './route.js';

type OpenRoute = RouteDeclaration<typeof noQuery, typeof noBody>;

function openRoute(
  route: Pick<OpenRoute, 'operation' | 'path' | 'summary' | 'description' | 'responses' | 'errors' | 'handle'>,
): Route {
  return defineRoute<typeof noQuery, typeof noBody>({
    method: 'get',
    tag: 'service',
    access: 'open',
    rate: 'open',
    changes: false,
    ...route,
  });
}

const text = Type.String();
const state = { content: { 'application/json': ServiceState } };

export const serviceRoutes: readonly Route[] = [
  openRoute({
    operation: 'get_index',
    path: '/',
    summary: 'Where to go from here',
    responses: {
      200: {
        description: 'Links; as a page with `Accept: text/html`.',
        content: { 'application/json': ServiceIndex, 'text/html': text },
      },
    },
    errors: [],
    handle: async ({ header }, { version }) => {
      const headers = { Vary: 'Accept, Origin' };
      const index = serviceIndex(version);
      if (!/\btext\/html\b/i.test(header('Accept') ?? '')) return { status: 200, headers, body: index };
      return { ...plain('text/html; charset=utf-8', indexPage(index)), headers };
    },
  }),
  openRoute({
    operation: 'get_health',
    path: '/health',
    summary: 'Liveness',
    responses: { 200: { description: 'The process is alive.', ...state } },
    errors: [],
    handle: async (_request, { version }) => ({ status: 200, body: { status: 'ok', version } }),
  }),
  openRoute({
    operation: 'get_readiness',
    path: '/ready',
    summary: 'Readiness: backend, run index and API keys are available',
    responses: { 200: { description: 'Ready.', ...state }, 503: { description: 'Not ready.', ...state } },
    errors: [],
    handle: async (_request, { version, readiness }) => {
      const reasons = readiness.reasons();
      if (reasons.length === 0) return { status: 200, body: { status: 'ok', version } };
      return { status: 503, body: { status: 'not_ready', version, reasons: [...reasons] } };
    },
  }),
  openRoute({
    operation: 'get_metrics',
    path: '/metrics',
    summary: 'Metrics in the Prometheus text format',
    description:
      'Without a configured token anybody may read them, added up over tenants and segments. With one (`gateway.metrics.token`) only its ' +
      'holder may, and the labels `tenant_id` and `segment_id` are present. With `Accept: application/openmetrics-text` as OpenMetrics, which has exemplars.',
    responses: {
      200: {
        description: 'The metrics of this process.',
        content: { 'text/plain': text, 'application/openmetrics-text': text },
      },
    },
    errors: ['UNAUTHENTICATED'],
    handle: async ({ header }, { metrics }) => {
      const { type, text: shown } = await metrics.text({
        authorization: header('Authorization'),
        accept: header('Accept'),
      });
      return { ...plain(type, shown), headers: { Vary: 'Accept, Origin' } };
    },
  }),
  openRoute({
    operation: 'get_openapi',
    path: '/api/v1/openapi.json',
    summary: 'The OpenAPI 3.1 document of this API',
    responses: {
      200: { description: 'The document.', content: { 'application/json': Type.Unsafe({ type: 'object' }) } },
    },
    errors: [],
    handle: async (_request, { document }) => plain('application/json; charset=utf-8', document.json()),
  }),
  openRoute({
    operation: 'get_api_docs',
    path: '/api/docs',
    summary: 'Interactive API documentation',
    responses: { 200: { description: 'The page.', content: { 'text/html': text } } },
    errors: [],
    handle: async () => ({
      ...plain('text/html; charset=utf-8', docsPage),
      headers: { 'Content-Security-Policy': docsPolicy },
    }),
  }),
  openRoute({
    operation: 'get_api_docs_style',
    path: '/api/docs/page.css',
    summary: 'Style sheet of the documentation',
    responses: { 200: { description: 'The style sheet.', content: { 'text/css': text } } },
    errors: [],
    handle: async () => plain('text/css; charset=utf-8', docsStyle),
  }),
  openRoute({
    operation: 'get_api_docs_script',
    path: '/api/docs/rapidoc.js',
    summary: 'Script of the documentation',
    responses: { 200: { description: 'The script.', content: { 'text/javascript': text } } },
    errors: [],
    handle: async () => plain('text/javascript; charset=utf-8', script()),
  }),
];

const scripts = new Map<string, Buffer>();

/** Bundled with the package, so the page works offline. Read from disk once. */
function script(): Buffer {
  const path = createRequire(import.meta.url).resolve('@llmteam/gateway/rapidoc-min.js');
  const known = scripts.get(path) ?? readFileSync(path);
  scripts.set(path, known);
  return known;
}

function plain(type: string, data: string | Buffer): ApiResponse {
  return { status: 200, content: { type, data } };
}
