import type { JsonObject, ModelRequest } from '@llmteam/contracts';

type Effort = NonNullable<ModelRequest['reasoning_effort']>;

/** What Google's own OpenAI-compatible API makes of `reasoning_effort`. */
const budgets: Readonly<Record<Effort, number>> = { low: 1_024, medium: 8_192, high: 24_576 };

/** The options with which a model of Google reasons with that effort: a level, and for Gemini 2.5 a budget of tokens. */
export function googleThinking(model: string, effort: Effort): JsonObject {
  const amount = model.includes('gemini-2.5') ? { thinkingBudget: budgets[effort] } : { thinkingLevel: effort };
  return { thinkingConfig: { ...amount, includeThoughts: true } };
}
