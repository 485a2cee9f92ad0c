import { CatalogPage, CatalogType, Identifier } from '@llmteam/contracts';
import type { noBody, noQuery } from './parameters.js';
import { defineRoute, type Route } from './route.js';

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
  defineRoute<typeof noQuery, typeof noBody>({
    operation: 'get_step_type',
    method: 'get',
    path: '/api/v1/catalog/{type_id}',
    tag: 'catalog',
    summary: 'Get a step type',
    access: 'catalog:read',
    rate: 'request',
    params: { type_id: { schema: Identifier, description: 'The step type.', unknown: 'STEP_TYPE_UNKNOWN' } },
    responses: { 200: { description: 'The step type.', content: { 'application/json': CatalogType } } },
    errors: ['STEP_TYPE_UNKNOWN'],
    changes: false,
    handle: async ({ params: { type_id = '' } }, { catalog }) => ({ status: 200, body: catalog.show(type_id) }),
  }),
];
