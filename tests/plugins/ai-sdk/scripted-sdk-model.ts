import type { LanguageModelV3, LanguageModelV3Content, LanguageModelV3StreamPart } from '@ai-sdk/provider';
import type { ModelRequest } from '@llmteam/contracts';

export const finish = {
  type: 'finish',
  finishReason: { unified: 'stop', raw: 'stop' },
  usage: {
    inputTokens: { total: 1, noCache: 1, cacheRead: undefined, cacheWrite: undefined },
    outputTokens: { total: 2, text: 2, reasoning: undefined },
  },
} as const satisfies LanguageModelV3StreamPart;

type Script = Partial<Pick<LanguageModelV3, 'doGenerate' | 'doStream'>> & {
  readonly content?: readonly LanguageModelV3Content[];
  readonly parts?: readonly LanguageModelV3StreamPart[];
};

/** A model of the SDK as others write them. */
export function sdkModelOf({ content = [], parts = [], ...own }: Script): LanguageModelV3 {
  const { finishReason, usage } = finish;
  return {
    specificationVersion: 'v3',
    provider: 'acme.chat',
    modelId: 'acme-1',
    supportedUrls: {},
    doGenerate: async () => ({ content: [...content], finishReason, usage, warnings: [] }),
    doStream: async () => ({ stream: streamOf(parts) }),
    ...own,
  };
}

export function streamOf(parts: readonly LanguageModelV3StreamPart[]): ReadableStream<LanguageModelV3StreamPart> {
  return new ReadableStream({
    start(controller) {
      for (const part of parts) controller.enqueue(part);
      controller.close();
    },
  });
}

export function requestOf(more: Partial<ModelRequest> = {}): ModelRequest {
  return {
    messages: [{ role: 'user', content: 'hello' }],
    signal: new AbortController().signal,
    idempotency_key: 'key',
    redact: (text) => text,
    ...more,
  };
}
