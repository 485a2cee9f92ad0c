import { Segment, SegmentPage, SegmentStored, ValidationReport } from '@llmteam/contracts';
import { Type } from 'typebox';
import { entityTag, matches, preconditionOf } from './entity-tags.js';
import { ifMatch, type noBody, type noQuery, pageQuery, segmentParam, strict } from './parameters.js';
import { type ApiResponse, defineRoute, type Route } from './route.js';

const listQuery = Type.Object(
  {
    cursor: Type.Optional(
      Type.String({ pattern: '^[a-z][a-z0-9_]*$', maxLength: 64, description: 'The cursor of the previous page.' }),
    ),
    limit: pageQuery.limit,
  },
  strict,
);
const revisionQuery = Type.Object(
  { revision: Type.Optional(Type.Integer({ minimum: 1, description: 'An earlier revision; the last 100 are kept.' })) },
  strict,
);

const validateRoute = defineRoute<typeof noQuery, typeof Segment>({
  operation: 'validate_segment',
  method: 'post',
  path: '/api/v1/segments/validate',
  tag: 'segments',
  summary: 'Validate a segment',
  access: 'segment:validate',
  rate: 'request',
  body: { schema: Segment, required: true, max: 'segment_bytes', read: 'text' },
  responses: { 200: { description: 'All problems found.', content: { 'application/json': ValidationReport } } },
  errors: ['JSON_INVALID'],
  changes: false,
  handle: async ({ principal, text }, { segments }) => {
    const { segment, problems } = await segments.validate(principal.tenant_id, text);
    return { status: 200, body: { valid: segment !== null, problems: [...problems] } satisfies ValidationReport };
  },
});

const storeRoute = defineRoute<typeof noQuery, typeof Segment>({
  operation: 'store_segment',
  method: 'post',
  path: '/api/v1/segments',
  tag: 'segments',
  summary: 'Store a segment or a new revision of it',
  access: 'segment:write',
  rate: 'request',
  headers: {
    ...ifMatch,
    'If-None-Match': {
      schema: Type.String({ maxLength: 1_024 }),
      description: '`*`: only if the segment does not exist.',
    },
  },
  body: { schema: Segment, required: true, max: 'segment_bytes', read: 'text' },
  responses: {
    200: storedAnswer('It is the latest revision, now or already.'),
    201: {
      ...storedAnswer('The segment was stored.'),
      headers: { ETag: 'The revision.', Location: 'URL of the segment.' },
    },
  },
  errors: ['JSON_INVALID', 'SEGMENT_INVALID', 'PRECONDITION_FAILED'],
  changes: true,
  handle: async ({ principal, text, header }, { segments }) => {
    const precondition = preconditionOf(header('If-Match'), header('If-None-Match'));
    const { stored, warnings } = await segments.store(principal.tenant_id, text, precondition);
    const { segment_id, revision, definition, isNew } = stored;
    const body: SegmentStored = { segment_id, revision, definition, warnings: [...warnings] };
    const headers = { ETag: entityTag(revision), ...(isNew && { Location: `/api/v1/segments/${segment_id}` }) };
    return { status: isNew ? 201 : 200, headers, body };
  },
});

const listRoute = defineRoute<typeof listQuery, typeof noBody>({
  operation: 'list_segments',
  method: 'get',
  path: '/api/v1/segments',
  tag: 'segments',
  summary: 'List segments, by id',
  access: 'segment:read',
  rate: 'request',
  query: listQuery,
  responses: { 200: { description: 'A page of segments.', content: { 'application/json': SegmentPage } } },
  errors: [],
  changes: false,
  handle: async ({ principal, query: { cursor, limit = 50 } }, { segments }) => {
    return { status: 200, body: (await segments.list(principal.tenant_id, cursor, limit)) satisfies SegmentPage };
  },
});

const getRoute = defineRoute<typeof revisionQuery, typeof noBody>({
  operation: 'get_segment',
  method: 'get',
  path: '/api/v1/segments/{segment_id}',
  tag: 'segments',
  summary: 'Get a segment as it was stored',
  access: 'segment:read',
  rate: 'request',
  params: segmentParam,
  query: revisionQuery,
  headers: {
    'If-None-Match': { schema: Type.String({ maxLength: 1_024 }), description: 'The `ETag` of the cached segment.' },
  },
  responses: {
    200: {
      description: 'The segment.',
      content: { 'application/json': Segment },
      headers: { ETag: 'The revision.' },
    },
    304: { description: 'Not modified.', headers: { ETag: 'The revision.' } },
  },
  errors: ['SEGMENT_UNKNOWN'],
  changes: false,
  handle: async ({ principal, params: { segment_id = '' }, query, header }, { segments }): Promise<ApiResponse> => {
    const stored = await segments.find(principal.tenant_id, segment_id, query.revision);
    const headers = { ETag: entityTag(stored.revision) };
    const known = header('If-None-Match');
    if (known !== undefined && matches(known, stored.revision)) return { status: 304, headers };
    return { status: 200, headers, body: await segments.read(stored) };
  },
});

const deleteRoute = defineRoute<typeof noQuery, typeof noBody>({
  operation: 'delete_segment',
  method: 'delete',
  path: '/api/v1/segments/{segment_id}',
  tag: 'segments',
  summary: 'Delete a segment and its revisions; its runs continue',
  access: 'segment:delete',
  rate: 'request',
  params: segmentParam,
  headers: ifMatch,
  responses: { 204: { description: 'The segment was deleted.' } },
  errors: ['SEGMENT_UNKNOWN', 'PRECONDITION_FAILED'],
  changes: true,
  handle: async ({ principal, params: { segment_id = '' }, header }, { segments }) => {
    await segments.remove(principal.tenant_id, segment_id, preconditionOf(header('If-Match'), undefined));
    return { status: 204 };
  },
});

function storedAnswer(description: string) {
  return { description, content: { 'application/json': SegmentStored }, headers: { ETag: 'The revision.' } };
}

export const segmentRoutes: readonly Route[] = [validateRoute, storeRoute, listRoute, getRoute, deleteRoute];
