import { isLlmteamError, type RunKey } from '@llmteam/contracts';
import { LocalStores, type OwnedStore, type RemoteStore } from '@llmteam/embedded';
import type { Config, Plugins } from '@llmteam/service-host';
import { configForRun, configHere } from './configuration.js';
import { eventLogOf, makeLog } from './log.js';
import type { RunStore, RunStores } from './run-stores.js';
import type { Settings } from './settings.js';

const maxOwnerChanges = 5;

/** `plugins` avoids loading them a second time. */
export async function openLocalStores(settings: Settings, config: Config, plugins?: Plugins): Promise<LocalStores> {
  const log = await makeLog(settings, config);
  const eventLog = eventLogOf(settings, config, log);
  return new LocalStores({ home: settings.home, config, log, eventLog, ...(plugins !== undefined && { plugins }) });
}

/** For commands that list over all stores. */
export async function openStores(settings: Settings): Promise<RunStores> {
  return (await storesAtGateway(settings)) ?? openLocalStores(settings, configHere(settings));
}

/** For commands on an existing run; uses the configuration it was started with. */
export async function storesOfRun(settings: Settings, runId: string): Promise<RunStores> {
  return (await storesAtGateway(settings)) ?? openLocalStores(settings, configForRun(settings, runId));
}

/** Returns null if the command targets the local stores. */
async function storesAtGateway(settings: Settings): Promise<RunStores | null> {
  const { gateway } = settings;
  if (gateway === null) return null;
  const { GatewayStores } = await import('./remote/gateway-stores.js');
  return new GatewayStores(settings, gateway);
}

/** Uses the store that `llmteam dev` serves, whether or not it is running. */
export async function withService<T>(
  settings: Settings,
  use: (store: OwnedStore | RemoteStore) => Promise<T>,
): Promise<T> {
  const stores = await openLocalStores(settings, configHere(settings));
  const store = await stores.reachService();
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

/**
 * Uses the store that contains a run, whichever process owns it. Repeats idempotent work if the owner exits meanwhile.
 * @throws LlmteamError `RUN_UNKNOWN`
 */
export async function withStoreOf<T>(
  settings: Settings,
  run: RunKey,
  use: (store: RunStore) => Promise<T>,
  { isIdempotent = true }: { isIdempotent?: boolean } = {},
): Promise<T> {
  const stores = await storesOfRun(settings, run.run_id);
  for (let left = maxOwnerChanges; ; left--) {
    const store = await stores.openStoreOf(run);
    try {
      return await use(store);
    } catch (error) {
      const isOwnerGone = store.kind === 'remote' && isLlmteamError(error) && error.code === 'STORE_LOCKED';
      if (!isOwnerGone || !isIdempotent || left === 0) throw error;
    } finally {
      await store.close();
    }
  }
}
