/** The plugins that are loaded and the versions that are needed, here or at a gateway. */
import type { PluginPage } from '@llmteam/contracts';
import { isProvided } from '@llmteam/kernel';
import { type Config, loadPlugins, type Plugins } from '@llmteam/service-host';
import { configHere } from './configuration.js';
import { makeLog } from './log.js';
import { openLocalStores } from './open-stores.js';
import type { Gateway } from './remote/gateway-address.js';
import type { Settings } from './settings.js';

export async function pluginPage(settings: Settings): Promise<PluginPage> {
  if (settings.gateway !== null) return pageAtGateway(settings, settings.gateway);
  const config = configHere(settings);
  const plugins = await loadPlugins(config, await makeLog(settings, config));
  return localPluginPage(settings, config, plugins);
}

/** Opens every store of the home folder, without driving anything. */
export async function localPluginPage(settings: Settings, config: Config, plugins: Plugins): Promise<PluginPage> {
  const stores = await openLocalStores(settings, config, plugins);
  const uses = await stores.versionUses();
  const listings = plugins.host.listings();
  const versions = uses.versions.map((use) => ({ ...use, is_provided: isProvided(use, listings) }));
  return { plugins: listings, versions, is_complete: uses.is_complete, cursor: null };
}

async function pageAtGateway(settings: Settings, gateway: Gateway): Promise<PluginPage> {
  const [{ PluginPage: schema }, { GatewayStores }] = await Promise.all([
    import('@llmteam/contracts'),
    import('./remote/gateway-stores.js'),
  ]);
  const { client, runs } = new GatewayStores(settings, gateway);
  return runs.ask(schema, client.plugins());
}
