/** What the operator grants to a plugin: all that its manifest declares, or permissions as in `permissionList`. */
export type Grant = 'declared' | readonly string[];

/** How a host regards a plugin it has loaded. */
export interface PluginStanding {
  readonly plugin: string;
  /** Whether it is part of LLMTeam. Of all others, the host copies what goes in and what comes out. */
  readonly isOurs: boolean;
  readonly grant: Grant;
  /** Whether its handlers run in this process, which they can end. */
  readonly isInProcess: boolean;
  /** What its `start` returned. */
  resources(): unknown;
}

/** For types that are not loaded from a package. */
export function ownStanding(plugin: string): PluginStanding {
  return { plugin, isOurs: true, grant: 'declared', isInProcess: true, resources: () => undefined };
}
