import type { OwnedHome, RemoteHome } from '@llmteam/embedded';
import { service_config, with_registry } from '@llmteam/service-host';
import { config_here } from './configuration.js';
import { with_service } from './homes.js';
import { silent_log } from './log.js';
import type { Settings } from './settings.js';

export interface WhichRegistry {
  /** Of the installation on NATS that the configuration names. */
  readonly nats?: boolean;
}

/** Where keys and the audit trail are: in the store that `llmteam dev` serves, or on NATS. */
export function with_registry_of<T>(
  settings: Settings,
  { nats = false }: WhichRegistry,
  use: (registry: (OwnedHome | RemoteHome)['registry']) => Promise<T>,
): Promise<T> {
  if (nats) return with_registry(service_config(config_here(settings)), silent_log, use);
  return with_service(settings, ({ registry }) => use(registry));
}
