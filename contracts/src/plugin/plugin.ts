import { type Static, Type } from 'typebox';
import type { JsonObject } from '../json.js';
import type { ControlType } from './control-type.js';
import type { ModelProvider } from './language-model.js';
import type { Logger } from './step-context.js';
import type { TaskType } from './task-type.js';

/** The version of this API. A plugin made for another one is refused by name at start. */
export const pluginApiVersion = 1;

/** The key `llmteam` of a plugin's package.json: tools can list plugins without running them. */
export const PluginManifest = Type.Object(
  {
    kind: Type.Enum(['task', 'control', 'backend']),
    name: Type.String({ pattern: '^[a-z][a-z0-9-]*$', maxLength: 64 }),
    api: Type.Integer({ minimum: 1 }),
    entry: Type.Optional(
      Type.String({
        description: "A module in one piece, loaded instead of the package's `exports` where it exists: starts faster.",
      }),
    ),
  },
  { additionalProperties: false, $id: 'PluginManifest' },
);
export type PluginManifest = Static<typeof PluginManifest>;

/** What a plugin is given when it starts. */
export interface PluginHostContext {
  readonly log: Logger;
  /** `plugins.<name>` of the configuration. */
  readonly settings: JsonObject;
}

/** The default export of a plugin package. */
export interface Plugin {
  /** As in the manifest. */
  readonly name: string;
  readonly api: number;
  // biome-ignore lint/suspicious/noExplicitAny: a list of types with different configs needs the open parameter
  readonly stepTypes?: readonly (TaskType<any> | ControlType)[];
  readonly modelProviders?: readonly ModelProvider[];
  /** Must settle within the host's deadline. */
  start?(context: PluginHostContext): Promise<void>;
  /** Called once, in reverse order of starting, even if another plugin's stop failed. */
  stop?(): Promise<void>;
}

/** Identity; gives the definition its type. */
export function definePlugin(plugin: Plugin): Plugin {
  return plugin;
}
