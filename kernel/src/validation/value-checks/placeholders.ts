import { placeholdersKeyword } from '@llmteam/contracts';
import { excludedKey } from '../closed-input.js';
import { readsRunInput } from '../run-input.js';
import type { ValueCheck } from '../value-check.js';
import { error, hint, quoted } from '../wording.js';

/** A placeholder, or a brace that is none: `{{` escapes one. */
const token = /\{([A-Za-z_]\w*)\}|\{\{/g;

/** Placeholders of the first step, which are filled from the run's input, name keys that the input can have. */
export const placeholders: ValueCheck = function* ({ value, pointer, path, schema }, step, analysis) {
  if (typeof value !== 'string' || schema.mark(placeholdersKeyword) === undefined) return;
  if (!readsRunInput(step, analysis)) return;
  const names = new Set([...value.matchAll(token)].flatMap(([, name]) => name ?? []));
  names.delete('input');
  for (const name of names) {
    const excluded = excludedKey(analysis.inputSchema, [name]);
    if (excluded === null) continue;
    const suggestion = analysis.closest.find(name, excluded.known);
    const known = hint(suggestion, excluded.known, 'it allows');
    const message = `${step.subject}, config: ${quoted(path.join('.'))} has {${name}}, which input_schema does not allow${known}`;
    yield error('UNKNOWN_VARIABLE', pointer, message, suggestion);
  }
};
