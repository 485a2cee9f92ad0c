import { CatalogPage, type StepTypeMetadata } from '@llmteam/contracts';
import type { Settings } from '../settings.js';
import type { Gateway } from './gateway-address.js';
import { GatewayStores } from './gateway-stores.js';

/** The step types of a gateway, the newest version of each. @throws LlmteamError */
export async function typesAtGateway(settings: Settings, gateway: Gateway): Promise<StepTypeMetadata[]> {
  const { client, runs } = new GatewayStores(settings, gateway);
  const { types } = await runs.ask(CatalogPage, client.catalog());
  return types.map(({ metadata }) => metadata);
}
