import type { ResourceConfig } from '@llmteam/kernel';
import type { Config } from './config.js';
import { reveal } from './secrets.js';

/** The part of the configuration that handlers can access. */
export function resourceConfig({ file, environment }: Config): ResourceConfig {
  const { llms = {}, clients = {}, stores = [], secrets = {} } = file;
  const wholeClients = Object.entries(clients).map(([name, client]) => {
    const headers = client.headers ?? {};
    return [
      name,
      { base_url: client.base_url, headers, allow_private_network: client.allow_private_network ?? false },
    ] as const;
  });
  return {
    llms: llms as ResourceConfig['llms'],
    clients: Object.fromEntries(wholeClients),
    stores,
    secrets,
    reveal: (text) => reveal(text, environment),
  };
}
