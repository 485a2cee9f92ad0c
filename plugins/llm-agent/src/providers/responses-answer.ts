import type { RawAnswer } from '@llmteam/ai-sdk';
import type { Usage } from '@llmteam/contracts';

/** What the SDK drops of an answer of the Responses API, or of one event of it: the refusal. */
export function responsesAnswer(raw: unknown, isEvent: boolean): RawAnswer {
  if (isEvent) {
    const { type, delta } = fieldsOf(raw);
    return type === 'response.refusal.delta' && typeof delta === 'string' ? { refusal: delta } : {};
  }
  const refusal = listOf(fieldsOf(raw).output)
    .flatMap((item) => listOf(fieldsOf(item).content))
    .map((part) => fieldsOf(part).refusal)
    .filter((words) => typeof words === 'string')
    .join('');
  return refusal === '' ? {} : { refusal, usage: usageIn(raw) };
}

function usageIn(raw: unknown): Usage {
  const { input_tokens, output_tokens } = fieldsOf(fieldsOf(raw).usage);
  return { input_tokens: countOf(input_tokens), output_tokens: countOf(output_tokens) };
}

function countOf(value: unknown): number {
  return Number.isSafeInteger(value) ? Math.max(0, value as number) : 0;
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
