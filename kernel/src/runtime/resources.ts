import {
  type HttpClientConfig,
  type Json,
  type JsonObject,
  type LanguageModel,
  LlmteamError,
  type ModelProvider,
} from '@llmteam/contracts';
import { distance } from 'fastest-levenshtein';

/** The configured resources that handlers can use, by name. Strings may be handles that `reveal` resolves to secrets. */
export interface ResourceConfig {
  readonly llms: Readonly<Record<string, JsonObject & { readonly provider: string }>>;
  readonly clients: Readonly<Record<string, HttpClientConfig>>;
  readonly stores: readonly string[];
  readonly secrets: Readonly<Record<string, string>>;
  /** The secret behind a handle; any other text is returned unchanged. @throws LlmteamError `CONFIG_INVALID` */
  readonly reveal: (text: string) => string;
}

/** Looks up configured resources by reference. Models are created lazily and cached. */
export class Resources {
  private readonly models = new Map<string, LanguageModel>();

  constructor(
    private readonly config: ResourceConfig,
    private readonly providers: ReadonlyMap<string, ModelProvider>,
  ) {}

  /** @throws LlmteamError `UNKNOWN_REF` */
  llm(ref: string): LanguageModel {
    const known = this.models.get(ref);
    if (known !== undefined) return known;
    const { provider, ...settings } = pick('llm_ref', ref, this.config.llms);
    const factory = this.providers.get(provider);
    if (factory === undefined) {
      throw unknownRef('provider', provider, [...this.providers.keys()], `llms.${ref} names`);
    }
    const model = factory.create(revealAll(settings, this.config.reveal) as JsonObject);
    this.models.set(ref, model);
    return model;
  }

  /** @throws LlmteamError `UNKNOWN_REF` */
  client(ref: string): HttpClientConfig {
    const client = pick('client_ref', ref, this.config.clients);
    const headers = Object.entries(client.headers).map(([name, value]) => [name, this.config.reveal(value)]);
    return { ...client, headers: Object.fromEntries(headers) };
  }

  /** @throws LlmteamError `UNKNOWN_REF` */
  checkStore(ref: string): void {
    if (!this.config.stores.includes(ref)) throw unknownRef('store_ref', ref, this.config.stores);
  }

  /** @throws LlmteamError `UNKNOWN_REF`, also if the step type did not declare permission for the secret */
  secret(ref: string, permissions: readonly string[]): string {
    if (!permissions.includes(`secret:${ref}`)) {
      throw new LlmteamError('UNKNOWN_REF', `this step type did not declare the permission 'secret:${ref}'`);
    }
    return this.config.reveal(pick('secret_ref', ref, this.config.secrets));
  }
}

function revealAll(value: Json, reveal: (text: string) => string): Json {
  if (typeof value === 'string') return reveal(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item: Json) => revealAll(item, reveal));
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, revealAll(part, reveal)]));
}

function pick<T>(kind: string, ref: string, known: Readonly<Record<string, T>>): T {
  if (Object.hasOwn(known, ref)) return known[ref] as T;
  throw unknownRef(kind, ref, Object.keys(known));
}

function unknownRef(kind: string, ref: string, known: readonly string[], place = 'the step names'): LlmteamError {
  const near = known.find((name) => distance(name, ref) <= 2);
  const hint = near === undefined ? `configured: ${known.join(', ') || 'none'}` : `did you mean '${near}'?`;
  return new LlmteamError('UNKNOWN_REF', `${place} ${kind} '${ref}', which is not configured; ${hint}`);
}
