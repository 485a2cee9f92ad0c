import { CatalogPage, CatalogType, Identifier, LlmteamError, type StepTypeMetadata } from '@llmteam/contracts';
import type { Services } from '../services.js';
import type { noBody, noQuery } from './parameters.js';
import { defineRoute, type Route } from './route.js';

export const catalogRoutes: readonly Route[] = [
  defineRoute<typeof noQuery, typeof noBody>({
    operation: 'list_step_types',
    method: 'get',
    path: '/api/v1/catalog',
    tag: 'catalog',
    summary: 'Step types with their versions and live workers',
    access: 'catalog:read',
    rate: 'request',
    answers: { 200: { description: 'All step types.', content: { 'application/json': CatalogPage } } },
    errors: [],
    changes: false,
    handle: async (_request, services) => {
      const types = services.catalog.list().map((metadata) => catalogType(metadata, services));
      return { status: 200, body: { types } satisfies CatalogPage };
    },
  }),
  defineRoute<typeof noQuery, typeof noBody>({
    operation: 'get_step_type',
    method: 'get',
    path: '/api/v1/catalog/{type_id}',
    tag: 'catalog',
    summary: 'One step type',
    access: 'catalog:read',
    rate: 'request',
    params: { type_id: { schema: Identifier, description: 'The step type.', unknown: 'STEP_TYPE_UNKNOWN' } },
    answers: { 200: { description: 'The step type.', content: { 'application/json': CatalogType } } },
    errors: ['STEP_TYPE_UNKNOWN'],
    changes: false,
    handle: async ({ params: { type_id = '' } }, services) => {
      const metadata = services.catalog.list().find((type) => type.type_id === type_id);
      if (metadata === undefined) throw new LlmteamError('STEP_TYPE_UNKNOWN', `there is no step type '${type_id}'`);
      return { status: 200, body: catalogType(metadata, services) };
    },
  }),
];

function catalogType(metadata: StepTypeMetadata, { catalog, liveWorkers }: Services): CatalogType {
  const { type_id, version } = metadata;
  const versions = catalog.entries().filter((entry) => entry.metadata.type_id === type_id);
  return {
    type_id,
    version,
    versions: versions.map((entry) => entry.metadata.version),
    workers: liveWorkers(type_id, version),
    metadata,
  };
}
