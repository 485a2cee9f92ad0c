import { type Config, resourceNames } from '@llmteam/service-host';
import type { ConfiguredRefs, RefsOfTenant } from './use-cases/tenant-segments.js';

/** What is configured for other tenants only is unknown, and is not suggested either. */
export function configuredRefs(config: Config): RefsOfTenant {
  return (tenantId) => {
    const { llms, clients, stores, secrets } = resourceNames(config, tenantId);
    return {
      llm_ref: listed(llms),
      client_ref: listed(clients),
      store_ref: listed(stores),
      secret_ref: listed(secrets),
    };
  };
}

function listed(names: readonly string[]): NonNullable<ConfiguredRefs['llm_ref']> {
  const known = new Set(names);
  return { has: (name) => known.has(name), names: () => names };
}
