import type { LanguageModelV3 } from '@ai-sdk/provider';
import type { JsonObject, ModelRequest, Usage } from '@llmteam/contracts';

/** A language model of the AI SDK: version 3 of its provider specification. */
export type SdkModel = LanguageModelV3;

/** A model of the SDK, or its names and how the first call loads it. */
export type SdkModelSource =
  | { readonly sdkModel: SdkModel }
  | { readonly provider: string; readonly model: string; readonly load: () => SdkModel | Promise<SdkModel> };

/** How long a call may take. A call that takes longer is `LLM_FAILED`. */
export interface TimeLimits {
  /** From the request to the end of the answer. Default 300. */
  readonly timeout_seconds?: number;
  /** From the request to the first token, when the answer is streamed. Default: no limit of its own. */
  readonly first_token_seconds?: number;
  /** From a token to the next, or to the end, when the answer is streamed. Default: no limit of its own. */
  readonly token_gap_seconds?: number;
}

/** What an SDK drops from what a service sent. */
export interface RawAnswer {
  /** Why there is no answer, though the status is 200. */
  readonly failure?: string;
  /** The words in which the model declines to answer, or the next of them. */
  readonly refusal?: string;
  /** What a refused answer cost, of a whole answer that the SDK cannot read. */
  readonly usage?: Usage;
}

/** What of a request and an answer is special to a service. */
export interface AnswerOptions {
  /** Whether to stream if the caller wants tokens. Default true. */
  readonly stream?: boolean;
  /** Set to false if the service takes no JSON Schema: the schema is put into words instead. Default true. */
  readonly structured_outputs?: boolean;
  /** Whether a `<think>` block at the beginning of the text is reasoning. Default false. */
  readonly think_tags?: boolean;
  /** Whether the service must see the reasoning of an answer with tool calls again, in plain words. Default false. */
  readonly return_reasoning?: boolean;
  /**
   * Whether the SDK's model takes the arguments of a call as the text that the model wrote, so that the service sees the same text again
   * and finds it in its cache. Default false: they are parsed, and the SDK writes them anew.
   */
  readonly takes_argument_text?: boolean;
  /**
   * What this request needs of the provider's own options. Default: `reasoningEffort`, if the request has a `reasoning_effort`.
   * `provider_options` of the request are added to it, and count more.
   */
  readonly optionsFor?: (request: ModelRequest) => JsonObject;
  /** Whether the service shall hold the arguments of a tool to its schema. Default: what the service does of itself. */
  readonly isStrictTool?: (inputSchema: JsonObject) => boolean;
  /** Reads a whole answer of the service, or one event of a stream. Default: nothing is dropped. */
  readonly readRaw?: (raw: unknown, isEvent: boolean) => RawAnswer;
}
