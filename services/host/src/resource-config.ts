import type { ResourceConfig } from '@llmteam/kernel';
import type { Config } from './config.js';
import { reveal, secretValues } from './secrets.js';
import { resourceTenants, storeNames } from './tenant-resources.js';

/** The part of the configuration that handlers can access. */
export function resourceConfig(config: Config): ResourceConfig {
  const { file, environment } = config;
  const { llms = {}, clients = {}, secrets = {} } = file;
  const wholeClients = Object.entries(clients).map(
    ([name, { base_url, headers = {}, allow_private_network = false }]) => {
      return [name, { base_url, headers, allow_private_network }] as const;
    },
  );
  const models = Object.entries(llms).map(([name, { tenants: _, ...settings }]) => [name, settings] as const);
  const handles = Object.entries(secrets).map(([name, secret]) => {
    return [name, typeof secret === 'string' ? secret : secret.value] as const;
  });
  return {
    llms: Object.fromEntries(models) as ResourceConfig['llms'],
    clients: Object.fromEntries(wholeClients),
    stores: storeNames(config),
    secrets: Object.fromEntries(handles),
    tenants: resourceTenants(config),
    secretValues: secretValues(config),
    reveal: (text) => reveal(text, environment),
  };
}
