import type { OwnedStore, RemoteStore } from '@llmteam/embedded';
import { serviceConfig, withBackend } from '@llmteam/service-host';
import { configHere } from './configuration.js';
import { silentLog } from './log.js';
import { withService } from './open-stores.js';
import type { Settings } from './settings.js';

export interface WhichKvStore {
  /** Use the configured NATS installation. */
  readonly nats?: boolean;
}

/** Keys and the audit trail are in the store that `llmteam dev` serves, or on NATS. */
export function withKvStoreOf<T>(
  settings: Settings,
  { nats = false }: WhichKvStore,
  use: (kv: (OwnedStore | RemoteStore)['kv']) => Promise<T>,
): Promise<T> {
  if (nats) return withBackend(serviceConfig(configHere(settings)), silentLog, ({ kv }) => use(kv));
  return withService(settings, ({ kv }) => use(kv));
}
