import { CatalogPage, CatalogType, Identifier, PluginPage } from '@llmteam/contracts';
import { Type } from 'typebox';
import { type noBody, type noQuery, strict } from './parameters.js';
import { defineRoute, type Route } from './route.js';

const versionQuery = Type.Object(
  {
    version: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 256,
        description: 'A version or a range: the newest in it. Default: the newest.',
      }),
    ),
  },
  strict,
);

export const catalogRoutes: readonly Route[] = [
  defineRoute<typeof noQuery, typeof noBody>({
    operation: 'list_step_types',
    method: 'get',
    path: '/api/v1/catalog',
    tag: 'catalog',
    summary: 'List step types with their versions and live workers',
    access: 'catalog:read',
    rate: 'request',
    responses: { 200: { description: 'All step types.', content: { 'application/json': CatalogPage } } },
    errors: [],
    changes: false,
    handle: async (_request, { catalog }) => ({
      status: 200,
      body: { types: catalog.list(), cursor: null } satisfies CatalogPage,
    }),
  }),
  defineRoute<typeof versionQuery, typeof noBody>({
    operation: 'get_step_type',
    method: 'get',
    path: '/api/v1/catalog/{type_id}',
    tag: 'catalog',
    summary: 'Get a step type',
    access: 'catalog:read',
    rate: 'request',
    params: { type_id: { schema: Identifier, description: 'The step type.', unknown: 'STEP_TYPE_UNKNOWN' } },
    query: versionQuery,
    responses: { 200: { description: 'The step type.', content: { 'application/json': CatalogType } } },
    errors: ['STEP_TYPE_UNKNOWN'],
    changes: false,
    handle: async ({ params: { type_id = '' }, query: { version } }, { catalog }) => {
      return { status: 200, body: catalog.show(type_id, version) };
    },
  }),
  defineRoute<typeof noQuery, typeof noBody>({
    operation: 'get_plugins',
    method: 'get',
    path: '/api/v1/plugins',
    tag: 'catalog',
    summary: 'List the plugins of the workers, and the versions that segments and live runs need',
    access: 'plugin:read',
    rate: 'request',
    responses: { 200: { description: 'All plugins.', content: { 'application/json': PluginPage } } },
    errors: [],
    changes: false,
    handle: async ({ principal }, { plugins }) => {
      return { status: 200, body: (await plugins.list(principal.tenant_id)) satisfies PluginPage };
    },
  }),
];
