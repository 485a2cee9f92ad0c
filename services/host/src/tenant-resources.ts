/** Which tenants may use which of the configured resources. */
import { type ResourceTenants, usableNames } from '@llmteam/kernel';
import type { Config } from './config.js';

type File = Pick<Config, 'file'>;

type Entry = readonly [name: string, settings: { readonly tenants?: readonly string[] }];

/** Names of configured resources. */
export interface ResourceNames {
  readonly llms: readonly string[];
  readonly clients: readonly string[];
  readonly stores: readonly string[];
  readonly secrets: readonly string[];
}

/** The names that exist for a tenant. */
export function resourceNames(config: File, tenantId: string): ResourceNames {
  const limits = resourceTenants(config);
  const { llms = {}, clients = {}, secrets = {} } = config.file;
  return {
    llms: usableNames(Object.keys(llms), limits.llms, tenantId),
    clients: usableNames(Object.keys(clients), limits.clients, tenantId),
    stores: usableNames(storeNames(config), limits.stores, tenantId),
    secrets: usableNames(Object.keys(secrets), limits.secrets, tenantId),
  };
}

export function storeNames({ file: { stores = [] } }: File): string[] {
  return [...new Set(stores.map((store) => (typeof store === 'string' ? store : store.name)))];
}

/** Resources that every tenant may use are absent. */
export function resourceTenants({ file }: File): ResourceTenants {
  const { llms = {}, clients = {}, stores = [], secrets = {} } = file;
  return {
    llms: limited(Object.entries(llms)),
    clients: limited(Object.entries(clients)),
    stores: limited(stores.map((store) => (typeof store === 'string' ? [store, {}] : [store.name, store]))),
    secrets: limited(Object.entries(secrets).map(([name, secret]) => [name, typeof secret === 'string' ? {} : secret])),
  };
}

/** A name that is listed more than once may be used by the tenants of each entry. */
function limited(entries: readonly Entry[]): Record<string, readonly string[]> {
  const limits = new Map<string, readonly string[] | null>();
  for (const [name, { tenants = null }] of entries) {
    const earlier = limits.get(name);
    if (earlier === undefined || tenants === null) limits.set(name, tenants);
    else if (earlier !== null) limits.set(name, [...earlier, ...tenants]);
  }
  return Object.fromEntries(
    [...limits].flatMap(([name, tenants]) => (tenants === null ? [] : [[name, tenants] as const])),
  );
}
