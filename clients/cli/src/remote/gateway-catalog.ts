import { CatalogPage, CatalogType, type StepTypeMetadata } from '@llmteam/contracts';
import type { Settings } from '../settings.js';
import type { Gateway } from './gateway-address.js';
import { GatewayStores } from './gateway-stores.js';

/** The step types of a gateway, the newest version of each. @throws LlmteamError */
export async function typesAtGateway(settings: Settings, gateway: Gateway): Promise<StepTypeMetadata[]> {
  const { client, runs } = new GatewayStores(settings, gateway);
  const { types } = await runs.ask(CatalogPage, client.catalog());
  return types.map(({ metadata }) => metadata);
}

/** The newest version in the range of `type@range`. @throws LlmteamError */
export async function typeAtGateway(settings: Settings, gateway: Gateway, type: string): Promise<StepTypeMetadata> {
  const { client, runs } = new GatewayStores(settings, gateway);
  const at = type.indexOf('@');
  const found = client.stepType(type.slice(0, at), { version: type.slice(at + 1) });
  return (await runs.ask(CatalogType, found)).metadata;
}
