import type { PluginHostContext } from '@llmteam/contracts';

/** What the handlers of a plugin share, such as a connection pool. */
export interface ResourcesDefinition<Shared> {
  /** Opens it. Called once in every process or thread that runs handlers of the plugin; must settle within the host's deadline. */
  start(host: PluginHostContext): Promise<Shared> | Shared;
  /** Closes it. */
  stop?(shared: Shared): Promise<void> | void;
}

/** Shared resources, and the step types that use them: how `definePlugin` finds them. */
export class Resources<Shared> {
  static readonly #users = new WeakMap<object, Resources<never>>();

  constructor(readonly definition: ResourcesDefinition<Shared>) {}

  usedBy(stepType: object): void {
    Resources.#users.set(stepType, this as unknown as Resources<never>);
  }

  static of(stepType: object): Resources<never> | undefined {
    return Resources.#users.get(stepType);
  }
}

/** Resources that reach `run` as `context.resources`: name them in `resources` of the step types that use them. */
export function defineResources<Shared>(definition: ResourcesDefinition<Shared>): Resources<Shared> {
  return new Resources(definition);
}
