import type { Json } from '@llmteam/contracts';
import { _, type Ajv, type KeywordErrorDefinition } from 'ajv';

/** Called with the cost of work about to be done; may throw. */
export type Spend = (units: number) => void;

/**
 * Replaces the Ajv keywords that compare whole values. Ajv's comparison calls `valueOf` of the data, so the input `{"valueOf": 1}`
 * would throw, and `uniqueItems` takes quadratic time.
 */
export function compareAsText(ajv: Pick<Ajv, 'addKeyword' | 'removeKeyword'>, spend: Spend): void {
  for (const keyword of ['const', 'enum', 'uniqueItems']) ajv.removeKeyword(keyword);
  ajv.addKeyword({
    keyword: 'const',
    error: errorWith('allowedValue'),
    compile: (constant: Json) => {
      const text = canonical(constant, spend);
      return (value: Json) => canonical(value, spend) === text;
    },
  });
  ajv.addKeyword({
    keyword: 'enum',
    schemaType: 'array',
    error: errorWith('allowedValues'),
    compile: (allowed: readonly Json[]) => {
      const texts = new Set(allowed.map((value) => canonical(value, spend)));
      return (value: Json) => texts.has(canonical(value, spend));
    },
  });
  ajv.addKeyword({
    keyword: 'uniqueItems',
    type: 'array',
    schemaType: 'boolean',
    validate: (wanted: boolean, items: readonly Json[]) => !wanted || isDistinct(items, spend),
  });
}

/** Same shape as Ajv's own errors for these keywords. */
function errorWith(param: string): KeywordErrorDefinition {
  return { message: 'must be one of the allowed values', params: ({ schemaCode }) => _`{${param}: ${schemaCode}}` };
}

function isDistinct(items: readonly Json[], spend: Spend): boolean {
  const seen = new Set<string>();
  for (const item of items) {
    const text = canonical(item, spend);
    if (seen.has(text)) return false;
    seen.add(text);
  }
  return true;
}

/** Equal values give equal texts, regardless of key order. */
function canonical(value: Json, spend: Spend): string {
  spend(1);
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item, spend)).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries<Json>(value).map(([key, member]) => {
    return `${JSON.stringify(key)}:${canonical(member, spend)}`;
  });
  return `{${members.sort().join()}}`;
}
