import { type Static, Type } from 'typebox';
import type { JsonObject } from '../json.js';
import type { BackendType } from './backend-type.js';
import type { ControlType } from './control-type.js';
import type { ModelProvider } from './language-model.js';
import { Permissions } from './permissions.js';
import type { Logger } from './step-context.js';
import type { TaskType } from './task-type.js';

/** The version of this API. Loading a plugin made for another version fails with an error that names it. */
export const pluginApiVersion = 1;

/** The key `llmteam` of a plugin's package.json: what tools and hosts know of a plugin without running its code. */
export const PluginManifest = Type.Object(
  {
    kind: Type.Enum(['task', 'control', 'provider', 'backend'], {
      description: 'What it mainly brings. Only `control` plugins are loaded by coordinators.',
    }),
    name: Type.String({ pattern: '^[a-z][a-z0-9-]*$', maxLength: 64 }),
    api: Type.Integer({ minimum: 1 }),
    entry: Type.Optional(
      Type.String({
        description: "A bundled module, loaded instead of the package's `exports` if it exists, for a faster start.",
      }),
    ),
    permissions: Type.Optional(Permissions),
  },
  { additionalProperties: false, $id: 'PluginManifest' },
);
export type PluginManifest = Static<typeof PluginManifest>;

/** Passed to a plugin when it starts. */
export interface PluginHostContext {
  readonly log: Logger;
  /** `settings.<name>` of the configuration. */
  readonly settings: JsonObject;
}

/** The default export of a plugin package. */
export interface Plugin<Resources = unknown> {
  /** Must equal the name in the manifest. */
  readonly name: string;
  readonly api: number;
  // biome-ignore lint/suspicious/noExplicitAny: a list of types with different configs needs the open parameter
  readonly stepTypes?: readonly (TaskType<any, any> | ControlType)[];
  readonly modelProviders?: readonly ModelProvider[];
  /** Of a package of kind `backend`, which provides nothing else. */
  readonly backend?: BackendType;
  /**
   * Opens what the plugin's handlers share, such as a connection pool: its result is their `context.resources`. Called once in every
   * process or thread that runs its handlers. Must settle within the host's deadline.
   */
  start?(context: PluginHostContext): Promise<Resources>;
  /** Called once, in reverse start order, with what `start` returned, even if another plugin's `stop` failed. */
  stop?(resources: Resources): Promise<void>;
}
