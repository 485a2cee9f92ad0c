import type { LanguageModelV3Usage } from '@ai-sdk/provider';
import type { Usage } from '@llmteam/contracts';

/**
 * What the service told. Tokens that it did not tell are zero; of cached and reasoning tokens, which SDKs fill with zeros, a zero is
 * not told apart from nothing, so it is absent.
 */
export function toldUsage({ inputTokens, outputTokens }: LanguageModelV3Usage): Usage {
  const input = tokens(inputTokens.total);
  const output = tokens(outputTokens.total);
  const cached = Math.min(tokens(inputTokens.cacheRead), input);
  const reasoning = Math.min(tokens(outputTokens.reasoning), output);
  return {
    input_tokens: input,
    output_tokens: output,
    ...(cached > 0 && { cached_input_tokens: cached }),
    ...(reasoning > 0 && { reasoning_tokens: reasoning }),
  };
}

function tokens(told: number | undefined): number {
  const count = Math.trunc(told ?? 0);
  return Number.isSafeInteger(count) ? Math.max(0, count) : 0;
}
