/**
 * Purpose: checks the entries of `llms` against the schemas of their providers, which only the plugins know.
 * Does not own: unset variables (`llmteam providers` shows them).
 */
import type { JsonObject, ModelProvider } from '@llmteam/contracts';
import { ClosestName } from '@llmteam/kernel';
import type { Config } from './config.js';
import { checkSettings, refuseFaults } from './settings-check.js';

/** @throws LlmteamError `CONFIG_INVALID` listing every problem as `file:line: llms.<ref>: …` */
export function checkModels(config: Config, providers: ReadonlyMap<string, ModelProvider>): void {
  const faults = Object.entries(config.file.llms ?? {}).flatMap(([ref, entry]) => {
    // Who may use a model is not the provider's business.
    const { provider, tenants: _, ...settings } = entry as JsonObject & { readonly provider: string };
    const schema = providers.get(provider)?.config_schema;
    if (schema === undefined) return [];
    return checkSettings({ name: `llms.${ref}`, pointer: `/llms/${ref}`, settings, schema }, config).faults;
  });
  refuseFaults(faults, config);
}

/** A step that names such a model fails; until then the entry harms nobody, and its plugin may be about to be installed. */
export function unknownProviders(config: Config, providers: ReadonlyMap<string, ModelProvider>): string[] {
  return Object.entries(config.file.llms ?? {}).flatMap(([ref, { provider }]) => {
    if (providers.has(provider)) return [];
    const meant = new ClosestName().find(provider, providers.keys());
    const hint = meant === undefined ? `known: ${[...providers.keys()].join(', ')}` : `did you mean '${meant}'?`;
    return `llms.${ref} names the provider '${provider}', which no plugin provides; ${hint}`;
  });
}
