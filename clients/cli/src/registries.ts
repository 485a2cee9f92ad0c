import type { OwnedHome, RemoteHome } from '@llmteam/embedded';
import { serviceConfig, withRegistry } from '@llmteam/service-host';
import { configHere } from './configuration.js';
import { withService } from './homes.js';
import { silentLog } from './log.js';
import type { Settings } from './settings.js';

export interface WhichRegistry {
  /** Of the installation on NATS that the configuration names. */
  readonly nats?: boolean;
}

/** Where keys and the audit trail are: in the store that `llmteam dev` serves, or on NATS. */
export function withRegistryOf<T>(
  settings: Settings,
  { nats = false }: WhichRegistry,
  use: (registry: (OwnedHome | RemoteHome)['registry']) => Promise<T>,
): Promise<T> {
  if (nats) return withRegistry(serviceConfig(configHere(settings)), silentLog, use);
  return withService(settings, ({ registry }) => use(registry));
}
