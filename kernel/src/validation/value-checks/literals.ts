import type { Problem } from '@llmteam/contracts';
import type { ConfigPlace } from '../config-places.js';
import type { DraftStep } from '../draft.js';
import type { ValueCheck } from '../value-check.js';
import { error, problem, quoted } from '../wording.js';

/** `${…}` occurs only where it is filled in: not in values marked `x-literal`, and not in keys. */
export const literals: ValueCheck = function* (place, step) {
  const { value, schema } = place;
  if (typeof value === 'string') {
    if (schema.isLiteral && value.includes('${')) yield literalValue(place, step);
  } else if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const key = Object.keys(value).find((name) => name.includes('${'));
    if (key !== undefined) yield literalKey(key, place, step);
  }
};

function literalValue({ pointer, path }: ConfigPlace, step: DraftStep): Problem {
  const name = quoted(path.join('.'));
  const advice = 'write the value itself; to choose between values, lead to one step for each with a switch';
  const message = `${step.subject}, config: ${name} is taken as written, so its \`\${…}\` is never filled in; ${advice}`;
  return error('LITERAL_TEMPLATE', pointer, message);
}

function literalKey(key: string, { pointer }: ConfigPlace, step: DraftStep): Problem {
  const message = `${step.subject}, config: keys are taken as written, so the \`\${…}\` in ${quoted(key)} is not filled in`;
  return problem('warning', 'LITERAL_TEMPLATE', pointer, message);
}
