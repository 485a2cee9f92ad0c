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
  /** JSON Schema; the response text must be JSON that matches it. */
  readonly output_schema?: JsonObject;
  /** The response text must be JSON. */
  readonly json?: boolean;
  readonly signal: AbortSignal;
  readonly idempotency_key: string;
  /** Called with every chunk of text as it arrives, if the provider streams. */
  readonly onToken?: (text: string) => void;
  /** The text without configured secrets, for a text of the service that is shortened for a message: `StepContext.redact`. */
  readonly redact: (text: string) => string;
}

export interface ModelResponse {
  readonly text: string;
  readonly model: string;
  /**
   * How the answer ended: `stop`, `length` (cut off by `max_tokens`) or `tool_calls`. With anything else `llm_agent` fails:
   * with `LLM_REFUSED` after `content_filter`, else with `LLM_FAILED`.
   */
  readonly finish_reason: string;
  readonly usage: Usage;
  readonly provider_metadata?: Readonly<Record<string, Json>>;
}

/**
 * A configured model. `generate` rejects with `LLM_FAILED` (retryable), or with `LLM_REFUSED` (not retryable) if the service
 * does not accept the request or the model declines to answer. If a rejected answer was paid for, `details.usage` is its
 * {@link Usage}.
 */
export interface LanguageModel {
  readonly provider: string;
  readonly model: string;
  generate(request: ModelRequest): Promise<ModelResponse>;
}

/** What a model may use to reach its service. */
export interface ProviderContext {
  /**
   * The standard `fetch`, guarded as that of a handler: it reaches only hosts that the plugin declares and the operator grants. A request
   * belongs to the call of `generate` that makes it, and ends with it.
   * @throws LlmteamError `PERMISSION_DENIED`, `EGRESS_BLOCKED`, `HTTP_FAILED`, `CANCELLED`; what the call's `signal` aborted with
   */
  fetch(input: string | URL | Request, options?: RequestInit): Promise<Response>;
}

/** Creates language models from entries of `llms` in the configuration. */
export interface ModelProvider {
  /** The value of `llms.<ref>.provider` that selects this provider. */
  readonly providerId: string;
  readonly description: string;
  /** JSON Schema of an entry of `llms` without `provider`. Strings that hold secrets are marked `writeOnly: true`. */
  readonly config_schema: JsonObject;
  create(config: JsonObject, context: ProviderContext): LanguageModel;
}
