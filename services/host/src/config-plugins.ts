/** The schema of an entry of `plugins`. */
import { Permissions } from '@llmteam/contracts';
import { type Static, Type } from 'typebox';

const isolations = ['inline', 'process', 'thread'] as const;

export const pluginPackage = Type.String({ minLength: 1 });

export const pluginEntry = Type.Object(
  {
    package: Type.String({ minLength: 1, description: 'A package name, or a path relative to this file.' }),
    isolation: Type.Optional(
      Type.Enum([...isolations], {
        description:
          'Where its handlers run. `process`: in child processes; `thread`: in worker threads; `inline`: in the process of the worker itself. ' +
          'Default: `process`, and `inline` for built-in packages. Control types run inside the engine, so a package that has some must be `inline`.',
      }),
    ),
    grant: Type.Optional(
      Type.Union([Type.Literal('declared'), Permissions], {
        description: 'What it may use of what its manifest declares. `declared`: all of it. Default: nothing.',
      }),
    ),
    replaces: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        uniqueItems: true,
        description:
          'Ids of step types and model providers that it brings instead of another plugin, built-in ones included. Runs that are pinned to ' +
          'a replaced version end on it. Default: none; two plugins that bring one id are refused.',
      }),
    ),
    memory_mb: Type.Optional(
      Type.Integer({
        minimum: 32,
        maximum: 65_536,
        description: 'The most memory of one process or the heap of one thread; beyond it, it is ended. Default 256.',
      }),
    ),
    unresponsive_seconds: Type.Optional(
      Type.Number({
        minimum: 1,
        maximum: 86_400,
        description: 'How long a handler may block its process or thread before that is ended. Default 60.',
      }),
    ),
  },
  { additionalProperties: false },
);
export type PluginEntry = Static<typeof pluginEntry>;
