/**
 * Purpose: the backends that come with the product. The only place outside of them that names them.
 * They are imported when one is opened, by name, so that the bundle of the command line has them as parts that are read on demand; any
 * other backend is found as a package.
 */
import { natsSettings } from '@llmteam/backend-nats/settings';
import type { Plugin } from '@llmteam/contracts';

export interface BuiltInBackend {
  readonly specifier: string;
  load(): Promise<Plugin>;
}

/** Connects service processes, unless the configuration names another. */
export const natsBackend: BuiltInBackend = {
  specifier: '@llmteam/backend-nats',
  load: async () => (await import('@llmteam/backend-nats')).default,
};

/** The settings of {@link natsBackend}: the section `nats` of the configuration. */
export { natsSettings };

/** The store of a single process, and of the lists of a gateway. */
export const localBackend: BuiltInBackend = {
  specifier: '@llmteam/backend-embedded',
  load: async () => (await import('@llmteam/backend-embedded')).default,
};
