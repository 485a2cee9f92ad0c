import { type Static, Type } from 'typebox';
import { StepTypeMetadata } from '../plugin/step-type.js';
import { PageCursor } from './run-answers.js';

const strict = { additionalProperties: false } as const;

/** A step type in the catalog. */
export const CatalogType = Type.Object(
  {
    type_id: Type.String(),
    version: Type.String({ description: 'That of the metadata: the newest, unless another was asked for.' }),
    versions: Type.Array(Type.String(), { description: 'All versions that new runs may take, newest first.' }),
    workers: Type.Integer({
      minimum: 0,
      description: 'Live workers that serve this version, or another with the same major. Control types need none.',
    }),
    metadata: StepTypeMetadata,
  },
  { ...strict, $id: 'CatalogType' },
);
export type CatalogType = Static<typeof CatalogType>;

export const CatalogPage = Type.Object(
  { types: Type.Array(CatalogType), cursor: PageCursor },
  { ...strict, $id: 'CatalogPage', description: 'All step types, ordered by id, on one page.' },
);
export type CatalogPage = Static<typeof CatalogPage>;
