/** API keys and the audit trail of the tenant. */
import { AuditEntryPage, CreateKeyBody, KeyCreated, KeyIdentity, KeyPage } from '@llmteam/contracts';
import { Type } from 'typebox';
import { listPage } from './listing.js';
import { type noBody, type noQuery, pageQuery, strict } from './parameters.js';
import { defineRoute, type Route } from './route.js';

const prefix = Type.String({ pattern: '^[a-z0-9]{1,64}$' });
const keysQuery = Type.Object(
  {
    cursor: Type.Optional(Type.String({ ...prefix, description: 'The cursor of the previous page.' })),
    limit: pageQuery.limit,
  },
  strict,
);
const auditQuery = Type.Object(
  {
    key: Type.Optional(
      Type.String({ maxLength: 64, description: 'Only changes with this key, by its public prefix.' }),
    ),
    action: Type.Optional(Type.String({ maxLength: 64, description: 'Only this operation, e.g. `start_run`.' })),
    since: Type.Optional(Type.String({ format: 'date-time', description: 'Only changes at or after this time.' })),
    ...pageQuery,
  },
  strict,
);

const whoamiRoute = defineRoute<typeof noQuery, typeof noBody>({
  operation: 'whoami',
  method: 'get',
  path: '/api/v1/whoami',
  tag: 'access',
  summary: 'Get the key of the request and what it may do',
  access: 'key:self',
  rate: 'request',
  responses: { 200: { description: 'The key.', content: { 'application/json': KeyIdentity } } },
  errors: ['KEY_UNKNOWN'],
  changes: false,
  handle: async ({ principal }, { keys }) => ({ status: 200, body: await keys.identity(principal) }),
});

const listRoute = defineRoute<typeof keysQuery, typeof noBody>({
  operation: 'list_keys',
  method: 'get',
  path: '/api/v1/keys',
  tag: 'access',
  summary: 'List the API keys of the tenant, without their secrets',
  description: 'Revoked and expired keys stay listed.',
  access: 'key:read',
  rate: 'request',
  query: keysQuery,
  responses: { 200: { description: 'A page of keys.', content: { 'application/json': KeyPage } } },
  errors: [],
  changes: false,
  handle: async ({ principal, query: { cursor, limit = 50 } }, { keys }) => {
    return { status: 200, body: await keys.list(principal, cursor, limit) };
  },
});

const createRoute = defineRoute<typeof noQuery, typeof CreateKeyBody>({
  operation: 'create_key',
  method: 'post',
  path: '/api/v1/keys',
  tag: 'access',
  summary: 'Create an API key of the tenant and show it once',
  description: 'A key cannot create one that may do more, act for others or live longer than itself.',
  access: 'key:write',
  rate: 'request',
  body: { schema: CreateKeyBody, required: true, max: 'body_bytes', read: 'json' },
  responses: { 201: { description: 'The key was created.', content: { 'application/json': KeyCreated } } },
  errors: ['JSON_INVALID', 'KEY_UNKNOWN'],
  changes: true,
  handle: async ({ principal, body }, { keys }) => {
    const created = await keys.create(principal, body);
    return { status: 201, body: created, target: `/api/v1/keys/${created.prefix}` };
  },
});

const revokeRoute = defineRoute<typeof noQuery, typeof noBody>({
  operation: 'revoke_key',
  method: 'delete',
  path: '/api/v1/keys/{prefix}',
  tag: 'access',
  summary: 'Revoke an API key of the tenant; it stays listed',
  description: 'Idempotent. Takes effect at every gateway within a second.',
  access: 'key:write',
  rate: 'request',
  params: { prefix: { schema: prefix, description: 'The public prefix of the key.', unknown: 'KEY_UNKNOWN' } },
  responses: { 204: { description: 'The key is revoked.' } },
  errors: ['KEY_UNKNOWN'],
  changes: true,
  handle: async ({ principal, params: { prefix: revoked = '' } }, { keys }) => {
    await keys.revoke(principal, revoked);
    return { status: 204 };
  },
});

const auditRoute = defineRoute<typeof auditQuery, typeof noBody>({
  operation: 'list_audit',
  method: 'get',
  path: '/api/v1/audit',
  tag: 'access',
  summary: 'List the changes that were made through the API, newest first',
  description:
    'Filters are applied while reading: a page may hold few records or none although its cursor leads to more.',
  access: 'audit:read',
  rate: 'request',
  query: auditQuery,
  responses: { 200: { description: 'A page of the audit trail.', content: { 'application/json': AuditEntryPage } } },
  errors: [],
  changes: false,
  handle: async ({ principal: { tenant_id }, query: { since, ...query } }, { auditTrail }) => {
    const from = since === undefined ? {} : { since: Date.parse(since) };
    return { status: 200, body: await listPage(() => auditTrail.list({ tenant_id, ...query, ...from })) };
  },
});

export const accessRoutes: readonly Route[] = [whoamiRoute, listRoute, createRoute, revokeRoute, auditRoute];
