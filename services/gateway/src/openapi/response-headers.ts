/** The headers of responses, by name: as components of the document, and which response has which. */
type Part = Record<string, unknown>;

const text = { type: 'string' };

export const responseHeaders: Readonly<Record<string, Part>> = {
  'X-Request-Id': { description: 'The id of the request: its own, or a new one.', schema: text, required: true },
  ETag: { description: 'The revision of the segment in quotes.', schema: { ...text, pattern: '^"[0-9]+"$' } },
  Location: { description: 'Path of what was created.', schema: { ...text, format: 'uri-reference' } },
  'Retry-After': { description: 'Seconds after which to try again.', schema: { type: 'integer', minimum: 1 } },
  'Idempotent-Replayed': {
    description: '`true` if an earlier request with the same key had the effect; otherwise absent.',
    schema: text,
  },
  'WWW-Authenticate': { description: 'How to authenticate.', schema: text },
  RateLimit: {
    description:
      'Requests that the tenant has left (`r`) until the limit is reset in `t` seconds, e.g. `"requests";r=997;t=1`.',
    schema: text,
  },
  'RateLimit-Policy': {
    description: 'Requests that a tenant may send (`q`) in `w` seconds, e.g. `"requests";q=1000;w=1`.',
    schema: text,
  },
};

/** References to the headers of a response. `own` are those its route declares. */
export function headersOf(status: string, own: readonly string[], isLimited: boolean): Part {
  const names = [
    'X-Request-Id',
    ...own,
    ...(status === '429' || status === '503' ? ['Retry-After'] : []),
    ...(status === '401' ? ['WWW-Authenticate'] : []),
    ...(isLimited ? ['RateLimit', 'RateLimit-Policy'] : []),
  ];
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}
