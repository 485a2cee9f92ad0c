import type { Config } from '@llmteam/service-host';
import type { GatewayOptions } from './options.js';

type Refs = GatewayOptions['refs'];

/** What segments may refer to, by the configuration. */
export function configuredRefs({ file }: Config): Refs {
  const { llms = {}, clients = {}, stores = [], secrets = {} } = file;
  return {
    llm_ref: listed(Object.keys(llms)),
    client_ref: listed(Object.keys(clients)),
    store_ref: listed(stores),
    secret_ref: listed(Object.keys(secrets)),
  };
}

function listed(names: readonly string[]): NonNullable<Refs['llm_ref']> {
  const known = new Set(names);
  return { has: (name) => known.has(name), names: () => names };
}
