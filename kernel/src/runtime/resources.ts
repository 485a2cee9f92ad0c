import {
  type HttpClientConfig,
  type Json,
  type JsonObject,
  type LanguageModel,
  LlmteamError,
} from '@llmteam/contracts';
import type { HostedProvider } from '../plugins/hosted-provider.js';
import { credentialsIn, isSecretHeader } from '../redaction/credentials.js';
import { SecretRedactor } from '../redaction/secret-redactor.js';
import { type ResourceTenants, usableNames } from './resource-tenants.js';
import { nearestOf, unknownRef } from './unknown-ref.js';

/** The configured resources that handlers can use, by name. Strings may be handles that `reveal` resolves to secrets. */
export interface ResourceConfig {
  readonly llms: Readonly<Record<string, JsonObject & { readonly provider: string }>>;
  readonly clients: Readonly<Record<string, HttpClientConfig>>;
  readonly stores: readonly string[];
  readonly secrets: Readonly<Record<string, string>>;
  readonly tenants?: ResourceTenants;
  /** Secrets known from the start, of these and other parts of the configuration. */
  readonly secretValues?: readonly string[];
  /** The secret behind a handle; any other text is returned unchanged. @throws LlmteamError `CONFIG_INVALID` */
  readonly reveal: (text: string) => string;
}

const sections = { llm: 'llms', client: 'clients', store: 'stores', secret: 'secrets' } as const;

/**
 * Looks up configured resources by reference, each for a tenant: what a tenant may not use does not exist for it. Models are created
 * lazily and cached. Every secret that is handed out is known to `redactor` from then on.
 */
export class Resources {
  /** Removes secrets from what handlers return. */
  readonly redactor = new SecretRedactor();
  private readonly models = new Map<string, LanguageModel>();

  constructor(
    private readonly config: ResourceConfig,
    private readonly providers: ReadonlyMap<string, HostedProvider>,
  ) {
    this.redactor.add(config.secretValues ?? []);
  }

  /** @throws LlmteamError `UNKNOWN_REF` */
  llm(ref: string, tenantId: string, plugin?: string): LanguageModel {
    this.check('llm', ref, tenantId, plugin);
    return this.models.get(ref) ?? this.makeModel(ref);
  }

  /** @throws LlmteamError `UNKNOWN_REF` */
  client(ref: string, tenantId: string, plugin?: string): HttpClientConfig {
    this.check('client', ref, tenantId, plugin);
    const client = this.config.clients[ref] as HttpClientConfig;
    const headers = revealAll(client.headers, this.config.reveal) as HttpClientConfig['headers'];
    this.redactor.add(secretsInHeaders(headers));
    return { ...client, headers };
  }

  /** @throws LlmteamError `UNKNOWN_REF` */
  checkStore(ref: string, tenantId: string, plugin?: string): void {
    this.check('store', ref, tenantId, plugin);
  }

  /** @throws LlmteamError `UNKNOWN_REF` */
  secret(ref: string, tenantId: string, plugin?: string): string {
    this.check('secret', ref, tenantId, plugin);
    const value = this.config.reveal(this.config.secrets[ref] as string);
    this.redactor.add([value, ...credentialsIn(value)]);
    return value;
  }

  /** The names of a kind that a tenant may use. */
  names(kind: keyof typeof sections, tenantId: string): readonly string[] {
    return this.namesFor(sections[kind], tenantId);
  }

  /** As the configuration says them. */
  modelNames(ref: string): { provider: string; model: string } {
    const { provider, model } = this.config.llms[ref] as ResourceConfig['llms'][string];
    return { provider, model: typeof model === 'string' ? this.config.reveal(model) : '' };
  }

  private check(kind: keyof typeof sections, ref: string, tenantId: string, plugin?: string): void {
    const known = this.names(kind, tenantId);
    if (!known.includes(ref)) throw unknownRef(kind, ref, known, plugin);
  }

  private namesFor(section: keyof ResourceTenants, tenantId: string): readonly string[] {
    const configured = this.config[section];
    const names = Array.isArray(configured) ? (configured as readonly string[]) : Object.keys(configured);
    return usableNames(names, this.config.tenants?.[section], tenantId);
  }

  private makeModel(ref: string): LanguageModel {
    const { provider, ...written } = this.config.llms[ref] as ResourceConfig['llms'][string];
    const factory = this.providers.get(provider);
    if (factory === undefined) {
      const hint = nearestOf(provider, [...this.providers.keys()]);
      throw new LlmteamError('UNKNOWN_REF', `llms.${ref} names provider '${provider}', which does not exist; ${hint}`);
    }
    const settings = revealAll(written, this.config.reveal) as JsonObject;
    this.redactor.add(secretsInSettings(settings, factory.config_schema));
    const model = factory.create(settings);
    this.models.set(ref, model);
    return model;
  }
}

function secretsInHeaders(headers: Readonly<Record<string, Json>>): string[] {
  const values = Object.entries(headers).flatMap(([name, value]) => (isSecretHeader(name) ? strings(value) : []));
  return values.flatMap((value) => [value, ...credentialsIn(value)]);
}

/** The provider's schema says which of its settings are secret. */
function secretsInSettings(settings: JsonObject, schema: JsonObject): string[] {
  const properties = (schema.properties ?? {}) as Readonly<Record<string, { readonly writeOnly?: boolean }>>;
  return Object.entries(settings).flatMap(([key, value]) => {
    if (properties[key]?.writeOnly === true) return strings(value);
    const isHeaders = key === 'headers' && typeof value === 'object' && value !== null && !Array.isArray(value);
    return isHeaders ? secretsInHeaders(value as Readonly<Record<string, Json>>) : [];
  });
}

function strings(value: Json): string[] {
  return typeof value === 'string' ? [value] : [];
}

function revealAll(value: Json, reveal: (text: string) => string): Json {
  if (typeof value === 'string') return reveal(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item: Json) => revealAll(item, reveal));
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, revealAll(part, reveal)]));
}
