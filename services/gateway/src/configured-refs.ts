import type { Config } from '@llmteam/service-host';
import type { ConfiguredRefs } from './use-cases/tenant-segments.js';

export function configuredRefs({ file }: Config): ConfiguredRefs {
  const { llms = {}, clients = {}, stores = [], secrets = {} } = file;
  return {
    llm_ref: listed(Object.keys(llms)),
    client_ref: listed(Object.keys(clients)),
    store_ref: listed(stores),
    secret_ref: listed(Object.keys(secrets)),
  };
}

function listed(names: readonly string[]): NonNullable<ConfiguredRefs['llm_ref']> {
  const known = new Set(names);
  return { has: (name) => known.has(name), names: () => names };
}
