import type { UndiciInstrumentationConfig } from '@opentelemetry/instrumentation-undici';

/** Requests of traced attempts have a span and carry it in their headers. Queries are not told: services take secrets in them. */
export const withoutQuery: UndiciInstrumentationConfig = {
  requireParentforSpans: true,
  ignoreRequestHook: ({ headers }) => hasOwnTrace(headers),
  startSpanHook: ({ origin, path }) => {
    const [withoutSearch = ''] = path.split('?', 1);
    return { 'url.full': `${origin}${withoutSearch}`, 'url.query': '' };
  },
};

/** A handler that sets the header itself traces by itself. */
function hasOwnTrace(headers: string | (string | string[])[]): boolean {
  const text = Array.isArray(headers) ? headers.filter((_, place) => place % 2 === 0).join('\n') : headers;
  return /^traceparent(:|$)/im.test(text);
}
