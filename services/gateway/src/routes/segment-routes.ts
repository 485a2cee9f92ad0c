import { Segment, SegmentPage, SegmentStored, ValidationReport } from '@llmteam/contracts';
import { Type } from 'typebox';
import { entity_tag, matches } from '../entity-tags.js';
import { present_revision, remove_segment, store_segment, validate_for } from '../segments.js';
import { if_match, type no_body, type no_query, page_query, segment_param, strict } from './parameters.js';
import { type ApiAnswer, define_route, type Route } from './route.js';

const list_query = Type.Object(
  {
    cursor: Type.Optional(
      Type.String({ pattern: '^[a-z][a-z0-9_]*$', maxLength: 64, description: 'As the page before gave it.' }),
    ),
    limit: page_query.limit,
  },
  strict,
);
const revision_query = Type.Object(
  { revision: Type.Optional(Type.Integer({ minimum: 1, description: 'An earlier revision; the last 100 are kept.' })) },
  strict,
);

const validate_route = define_route<typeof no_query, typeof Segment>({
  operation: 'validate_segment',
  method: 'post',
  path: '/api/v1/segments/validate',
  tag: 'segments',
  summary: 'What is wrong with a segment',
  access: 'segment:validate',
  rate: 'request',
  body: { schema: Segment, required: true, max: 'segment_bytes', read: 'text' },
  answers: { 200: { description: 'All problems at once.', content: { 'application/json': ValidationReport } } },
  errors: ['JSON_INVALID'],
  changes: false,
  handle: async ({ principal, text }, services) => {
    const { segment, problems } = await validate_for(principal.tenant_id, text, services);
    return { status: 200, body: { valid: segment !== null, problems: [...problems] } satisfies ValidationReport };
  },
});

const store_route = define_route<typeof no_query, typeof Segment>({
  operation: 'store_segment',
  method: 'post',
  path: '/api/v1/segments',
  tag: 'segments',
  summary: 'Store a segment, or a new revision of it',
  access: 'segment:write',
  rate: 'request',
  headers: {
    ...if_match,
    'If-None-Match': {
      schema: Type.String({ maxLength: 1_024 }),
      description: '`*`: only if there is no such segment.',
    },
  },
  body: { schema: Segment, required: true, max: 'segment_bytes', read: 'text' },
  answers: {
    200: stored_answer('It is the newest revision now, or was already.'),
    201: { ...stored_answer('It is stored.'), headers: { ETag: 'The revision.', Location: 'Where it is.' } },
  },
  errors: ['JSON_INVALID', 'SEGMENT_INVALID', 'PRECONDITION_FAILED'],
  changes: true,
  handle: async ({ principal, text, header }, services) => {
    const { stored, warnings } = await store_segment(principal.tenant_id, text, services, {
      if_match: header('If-Match'),
      if_none_match: header('If-None-Match'),
    });
    const { segment_id, revision, definition, is_new } = stored;
    const body: SegmentStored = { segment_id, revision, definition, warnings: [...warnings] };
    const headers = { ETag: entity_tag(revision), ...(is_new && { Location: `/api/v1/segments/${segment_id}` }) };
    return { status: is_new ? 201 : 200, headers, body };
  },
});

const list_route = define_route<typeof list_query, typeof no_body>({
  operation: 'list_segments',
  method: 'get',
  path: '/api/v1/segments',
  tag: 'segments',
  summary: 'The segments that are stored, by id',
  access: 'segment:read',
  rate: 'request',
  query: list_query,
  answers: { 200: { description: 'A page of segments.', content: { 'application/json': SegmentPage } } },
  errors: [],
  changes: false,
  handle: async ({ principal, query: { cursor, limit = 50 } }, { segments }) => {
    const found = await segments.list(principal.tenant_id, cursor, limit + 1);
    const page = found.slice(0, limit);
    const listed = page.map(({ stored_at, ...rest }) => ({ ...rest, stored_at: new Date(stored_at).toISOString() }));
    const next = found.length > limit ? (page.at(-1)?.segment_id ?? null) : null;
    return { status: 200, body: { segments: listed, cursor: next } satisfies SegmentPage };
  },
});

const get_route = define_route<typeof revision_query, typeof no_body>({
  operation: 'get_segment',
  method: 'get',
  path: '/api/v1/segments/{segment_id}',
  tag: 'segments',
  summary: 'A segment, whole, as it was stored',
  access: 'segment:read',
  rate: 'request',
  params: segment_param,
  query: revision_query,
  headers: { 'If-None-Match': { schema: Type.String({ maxLength: 1_024 }), description: 'The `ETag` that is known.' } },
  answers: {
    200: {
      description: 'The segment.',
      content: { 'application/json': Segment },
      headers: { ETag: 'The revision.' },
    },
    304: { description: 'It is as known.', headers: { ETag: 'The revision.' } },
  },
  errors: ['SEGMENT_UNKNOWN'],
  changes: false,
  handle: async (
    { principal, params: { segment_id = '' }, query, header },
    { segments, definitions },
  ): Promise<ApiAnswer> => {
    const stored = await segments.find(principal.tenant_id, segment_id, query.revision);
    const headers = { ETag: entity_tag(stored.revision) };
    const known = header('If-None-Match');
    if (known !== undefined && matches(known, stored.revision)) return { status: 304, headers };
    const { segment } = await definitions.get(stored.definition);
    return { status: 200, headers, body: segment };
  },
});

const delete_route = define_route<typeof no_query, typeof no_body>({
  operation: 'delete_segment',
  method: 'delete',
  path: '/api/v1/segments/{segment_id}',
  tag: 'segments',
  summary: 'Forget a segment and its revisions; runs of it go on',
  access: 'segment:delete',
  rate: 'request',
  params: segment_param,
  headers: if_match,
  answers: { 204: { description: 'It is forgotten.' } },
  errors: ['SEGMENT_UNKNOWN', 'PRECONDITION_FAILED'],
  changes: true,
  handle: async ({ principal, params: { segment_id = '' }, header }, services) => {
    const present = await present_revision(principal.tenant_id, segment_id, services);
    await remove_segment(principal.tenant_id, segment_id, present, header('If-Match'), services);
    return { status: 204 };
  },
});

function stored_answer(description: string) {
  return { description, content: { 'application/json': SegmentStored }, headers: { ETag: 'The revision.' } };
}

export const segment_routes: readonly Route[] = [validate_route, store_route, list_route, get_route, delete_route];
