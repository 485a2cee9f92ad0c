import type { JsonObject, LanguageModel, ModelProvider, ProviderContext } from '@llmteam/contracts';
import type { TObject, TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { withOptionalDefaults } from './optional-defaults.js';
import type { ValueOf } from './value-of.js';

type NoConfig = TObject<Record<never, never>>;

/** A model provider: makes models of the entries of `llms` that name it. */
export interface ProviderDefinition<Config extends TSchema> {
  /** The value of `llms.<ref>.provider` that selects it. */
  readonly id: string;
  readonly description?: string;
  /** An entry of `llms` without `provider`. Strings that hold secrets are marked `writeOnly: true`. Default: nothing. */
  readonly config?: Config;
  /** Called once per entry. */
  create(config: ValueOf<Config>, context: ProviderContext): LanguageModel;
}

/** A model provider whose config is typed by its schema. */
export function defineProvider<const Config extends TSchema = NoConfig>(
  definition: ProviderDefinition<Config>,
): ModelProvider {
  const { id, description = '', config = { type: 'object', properties: {}, additionalProperties: false } } = definition;
  return {
    providerId: id,
    description,
    config_schema: withOptionalDefaults(JSON.parse(JSON.stringify(config)) as JsonObject),
    // What a host passes is as the operator wrote it.
    create: (entry, context) =>
      definition.create(Value.Default(config as TSchema, structuredClone(entry)) as ValueOf<Config>, context),
  };
}
