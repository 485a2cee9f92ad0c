import type { JsonObject, ModelRequest } from '@llmteam/contracts';

type Effort = NonNullable<ModelRequest['reasoning_effort']>;

/** Models before Opus 4.6 and Sonnet 4.6 think within a budget of tokens; later ones take an effort and find the budget. */
const budgeted = /claude-(?:3|(?:opus|sonnet|haiku)-4-(?:[0-5](?!\d)|20\d{6}))/;
const budgets: Readonly<Record<Effort, number>> = { low: 2_048, medium: 8_192, high: 24_576 };

/** The options with which a model of Anthropic reasons with that effort. */
export function anthropicThinking(model: string, effort: Effort): JsonObject {
  return budgeted.test(model)
    ? { thinking: { type: 'enabled', budgetTokens: budgets[effort] } }
    : { thinking: { type: 'adaptive', display: 'summarized' }, effort };
}
