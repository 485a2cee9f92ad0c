/** The tenants that may use a resource, by its name. A resource that is absent may be used by every tenant. */
export type ResourceTenants = Partial<
  Readonly<Record<'llms' | 'clients' | 'stores' | 'secrets', Readonly<Record<string, readonly string[]>>>>
>;

/** Those of the names that a tenant may use; to this tenant the others do not exist. */
export function usableNames(
  names: readonly string[],
  limits: ResourceTenants[keyof ResourceTenants],
  tenantId: string,
): readonly string[] {
  if (limits === undefined) return names;
  return names.filter((name) => !Object.hasOwn(limits, name) || limits[name]?.includes(tenantId));
}
