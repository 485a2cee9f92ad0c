import {
  type BackendType,
  type ControlType,
  type ModelProvider,
  type Plugin,
  pluginApiVersion,
  type TaskType,
} from '@llmteam/contracts';
import { Resources } from './resources.js';

export interface PluginDefinition {
  /** The name in the manifest: lower case letters, digits and hyphens. */
  readonly name: string;
  // biome-ignore lint/suspicious/noExplicitAny: a list of types with different configs needs the open parameters
  readonly stepTypes?: readonly (TaskType<any, any> | ControlType)[];
  readonly modelProviders?: readonly ModelProvider[];
  /** A plugin that has one has nothing else. */
  readonly backend?: BackendType;
}

/** The default export of a plugin package. @throws TypeError if its step types use different resources */
export function definePlugin({ name, stepTypes, modelProviders, backend }: PluginDefinition): Plugin {
  const resources = sharedBy(name, stepTypes ?? []);
  return {
    name,
    api: pluginApiVersion,
    ...(stepTypes !== undefined && { stepTypes }),
    ...(modelProviders !== undefined && { modelProviders }),
    ...(backend !== undefined && { backend }),
    ...(resources !== undefined && {
      start: async (host) => await resources.definition.start(host),
      stop: async (shared) => await resources.definition.stop?.(shared as never),
    }),
  };
}

function sharedBy(name: string, stepTypes: readonly object[]): Resources<never> | undefined {
  const all = new Set(stepTypes.flatMap((type) => Resources.of(type) ?? []));
  if (all.size > 1)
    throw new TypeError(`plugin '${name}': its step types use different resources; define them together`);
  return [...all][0];
}
