import { type Static, Type } from 'typebox';
import type { JsonObject } from '../json.js';
import type { ControlType } from './control-type.js';
import type { ModelProvider } from './language-model.js';
import type { Logger } from './step-context.js';
import type { TaskType } from './task-type.js';

/** The version of this API. Loading a plugin made for another version fails with an error that names it. */
export const pluginApiVersion = 1;

/** The key `llmteam` of a plugin's package.json, so that tools can list plugins without running them. */
export const PluginManifest = Type.Object(
  {
    kind: Type.Enum(['task', 'control', 'backend']),
    name: Type.String({ pattern: '^[a-z][a-z0-9-]*$', maxLength: 64 }),
    api: Type.Integer({ minimum: 1 }),
    entry: Type.Optional(
      Type.String({
        description: "A bundled module, loaded instead of the package's `exports` if it exists, for a faster start.",
      }),
    ),
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
export interface Plugin {
  /** Must equal the name in the manifest. */
  readonly name: string;
  readonly api: number;
  // biome-ignore lint/suspicious/noExplicitAny: a list of types with different configs needs the open parameter
  readonly stepTypes?: readonly (TaskType<any> | ControlType)[];
  readonly modelProviders?: readonly ModelProvider[];
  /** Must settle within the host's deadline. */
  start?(context: PluginHostContext): Promise<void>;
  /** Called once, in reverse start order, even if another plugin's `stop` failed. */
  stop?(): Promise<void>;
}

/** Identity function that types the definition. */
export function definePlugin(plugin: Plugin): Plugin {
  return plugin;
}
