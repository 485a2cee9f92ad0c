import { is_llmteam_error, type RunKey } from '@llmteam/contracts';
import { Home, type OwnedHome, type RemoteHome } from '@llmteam/embedded';
import type { Config, Plugins } from '@llmteam/service-host';
import { config_for_run, config_here } from './configuration.js';
import { make_log } from './log.js';
import type { RunStore, RunStores } from './run-stores.js';
import type { Settings } from './settings.js';

const most_owners = 5;

/** `plugins`: if they are loaded already. */
export async function open_home(settings: Settings, config: Config, plugins?: Plugins): Promise<Home> {
  const log = await make_log(settings, config);
  return new Home({ home: settings.home, config, log, ...(plugins !== undefined && { plugins }) });
}

/** For lists over all stores. */
export async function stores_here(settings: Settings): Promise<RunStores> {
  return (await stores_at_gateway(settings)) ?? open_home(settings, config_here(settings));
}

/** For a run that was started before, with the configuration it was started with. */
export async function stores_of_run(settings: Settings, run_id: string): Promise<RunStores> {
  return (await stores_at_gateway(settings)) ?? open_home(settings, config_for_run(settings, run_id));
}

/** null: the command is for the stores here. */
async function stores_at_gateway(settings: Settings): Promise<RunStores | null> {
  const { gateway } = settings;
  if (gateway === null) return null;
  const { GatewayStores } = await import('./remote/gateway-stores.js');
  return new GatewayStores(settings, gateway);
}

/** Does something in the store that `llmteam dev` serves, whether it runs or not. */
export async function with_service<T>(
  settings: Settings,
  use: (store: OwnedHome | RemoteHome) => Promise<T>,
): Promise<T> {
  const home = await open_home(settings, config_here(settings));
  const store = await home.reach_service();
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

/**
 * Does something in the store a run lies in, whoever owns it. What may be done twice is done again if the owner goes away meanwhile.
 * @throws LlmteamError `RUN_UNKNOWN`
 */
export async function with_store_of<T>(
  settings: Settings,
  run: RunKey,
  use: (store: RunStore) => Promise<T>,
  { may_repeat = true }: { may_repeat?: boolean } = {},
): Promise<T> {
  const stores = await stores_of_run(settings, run.run_id);
  for (let left = most_owners; ; left--) {
    const store = await stores.open_store_of(run);
    try {
      return await use(store);
    } catch (error) {
      const is_owner_gone = store.kind === 'remote' && is_llmteam_error(error) && error.code === 'STORE_LOCKED';
      if (!is_owner_gone || !may_repeat || left === 0) throw error;
    } finally {
      await store.close();
    }
  }
}
