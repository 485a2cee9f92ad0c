import { type Static, Type } from 'typebox';
import { PageCursor } from './run-answers.js';

const strict = { additionalProperties: false } as const;
const texts = (description: string) => Type.Array(Type.String(), { description });

/** A plugin as a process has loaded it. */
export const PluginListing = Type.Object(
  {
    name: Type.String(),
    package: Type.String({ description: 'As the configuration names it.' }),
    version: Type.String(),
    kind: Type.String({ description: 'As its manifest says: `task`, `control`, `provider` or `backend`.' }),
    is_built_in: Type.Boolean(),
    isolation: Type.Enum(['inline', 'process', 'thread']),
    permissions: texts('What its manifest declares: `secret:acme_key`.'),
    granted: texts('What the configuration grants; it may use what both name.'),
    step_types: texts('Ids; their version is that of the plugin.'),
    model_providers: texts('Ids.'),
    workers: Type.Optional(Type.Integer({ minimum: 1, description: 'Live workers that have loaded it.' })),
  },
  { ...strict, $id: 'PluginListing' },
);
export type PluginListing = Static<typeof PluginListing>;

/** A version of a step type that stored segments or live runs are pinned to. */
export const VersionUse = Type.Object(
  {
    type_id: Type.String(),
    version: Type.String(),
    is_provided: Type.Boolean({
      description: 'Whether a loaded plugin provides it; for a task type, any version with the same major does.',
    }),
    segments: texts('Stored segments whose new runs take it, at most 100.'),
    runs: texts('Runs that have not ended, at most 100.'),
    segment_count: Type.Integer({ minimum: 0 }),
    run_count: Type.Integer({ minimum: 0 }),
    is_used_elsewhere: Type.Boolean({
      description: 'Whether other tenants use it too; what they have is not listed or counted.',
    }),
  },
  { ...strict, $id: 'VersionUse' },
);
export type VersionUse = Static<typeof VersionUse>;

/** `GET /api/v1/plugins` */
export const PluginPage = Type.Object(
  {
    plugins: Type.Array(PluginListing, { description: 'By name, newest version first.' }),
    versions: Type.Array(VersionUse, { description: 'By type, newest version first, at most 1,000.' }),
    is_complete: Type.Boolean({ description: 'False if there are more runs or segments than could be looked at.' }),
    cursor: PageCursor,
  },
  { ...strict, $id: 'PluginPage', description: 'All plugins and the versions that are needed, on one page.' },
);
export type PluginPage = Static<typeof PluginPage>;
