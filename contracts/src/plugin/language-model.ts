import type { Json, JsonObject } from '../json.js';
import type { Usage } from '../run.js';

export interface ModelMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

export interface ModelRequest {
  readonly messages: readonly ModelMessage[];
  readonly temperature?: number;
  readonly max_tokens?: number;
  /** JSON Schema; the answer's text is JSON that matches it. */
  readonly output_schema?: JsonObject;
  /** The answer's text is JSON. */
  readonly json?: boolean;
  readonly signal: AbortSignal;
  readonly idempotency_key: string;
  /** Called with every piece of text as it comes, if the provider streams. */
  readonly onToken?: (text: string) => void;
}

export interface ModelResponse {
  readonly text: string;
  readonly model: string;
  readonly finish_reason: string;
  readonly usage: Usage;
  readonly provider_metadata?: Readonly<Record<string, Json>>;
}

/** A model that answers. @throws LlmteamError `LLM_FAILED` (may be repeated) or `LLM_REFUSED` (may not). */
export interface LanguageModel {
  readonly provider: string;
  readonly model: string;
  generate(request: ModelRequest): Promise<ModelResponse>;
}

/** Makes language models from the `llms` of the configuration. */
export interface ModelProvider {
  /** As `llms.<ref>.provider` names it. */
  readonly providerId: string;
  readonly description: string;
  /** JSON Schema of an entry of `llms`, without `provider`. Strings that hold secrets are marked `writeOnly: true`. */
  readonly config_schema: JsonObject;
  create(config: JsonObject): LanguageModel;
}
