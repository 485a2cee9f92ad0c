import type { Json, JsonObject } from '../json.js';
import type { Usage } from '../usage.js';

/** A part of a user message. Requests are JSON, so bytes are in base64. */
export type ModelPart =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'file'; readonly media_type: string; readonly data: string; readonly name?: string };

/** A tool call of a model. */
export interface ToolCall {
  /** Of the provider; it names the call in the message with its result. */
  readonly call_id: string;
  readonly name: string;
  /** JSON text, as the model wrote it: it may be wrong. */
  readonly arguments: string;
}

export type ModelMessage =
  | { readonly role: 'system'; readonly content: string }
  | { readonly role: 'user'; readonly content: string | readonly ModelPart[] }
  | {
      readonly role: 'assistant';
      readonly content: string;
      readonly tool_calls?: readonly ToolCall[];
      /** That of the {@link ModelResponse} that this message was. */
      readonly provider_state?: Json;
    }
  /** The result of a tool call, or why there is none. */
  | {
      readonly role: 'tool';
      readonly call_id: string;
      readonly name: string;
      readonly content: string;
      readonly is_error?: boolean;
    };

/** A tool that a model may call. */
export interface ModelTool {
  /** Letters, digits, `_` and `-`; at most 64 characters. */
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the arguments, an object. */
  readonly input_schema: JsonObject;
}

export interface ModelRequest {
  readonly messages: readonly ModelMessage[];
  readonly temperature?: number;
  readonly max_tokens?: number;
  /** Texts before which the answer ends. */
  readonly stop?: readonly string[];
  /** The same seed gives the same answer, so far as the service can. */
  readonly seed?: number;
  readonly reasoning_effort?: 'low' | 'medium' | 'high';
  readonly tools?: readonly ModelTool[];
  /** Default `auto`; `required`: at least one of the tools; an object: the tool of that name. */
  readonly tool_choice?: 'auto' | 'none' | 'required' | { readonly name: string };
  /** JSON Schema; the response text must be JSON that matches it. */
  readonly output_schema?: JsonObject;
  /** The response text must be JSON. */
  readonly json?: boolean;
  /** Settings that only this provider knows. A name that it does not know is ignored. */
  readonly provider_options?: JsonObject;
  readonly signal: AbortSignal;
  readonly idempotency_key: string;
  /** Called with every chunk of text as it arrives, if the provider streams. Reasoning is no text. */
  readonly onToken?: (text: string) => void;
  /** The text without configured secrets, for a text of the service that is shortened for a message: `StepContext.redact`. */
  readonly redact: (text: string) => string;
}

export interface ModelResponse {
  readonly text: string;
  /** In the order in which the model wrote them; absent if there are none. */
  readonly tool_calls?: readonly ToolCall[];
  /** What the model thought before it answered, if the service tells it. It is no part of `text`. */
  readonly reasoning?: string;
  readonly model: string;
  /**
   * How the answer ended: `stop`, `length` (cut off by `max_tokens`) or `tool_calls`. With anything else `llm_agent` fails:
   * with `LLM_REFUSED` after `content_filter`, else with `LLM_FAILED`.
   */
  readonly finish_reason: string;
  readonly usage: Usage;
  /** What the provider must see again in the message of this answer, such as signatures of its reasoning. Nobody else reads it. */
  readonly provider_state?: Json;
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
