import { splitPointer } from '../../json/json-pointer.js';
import { asObject } from '../draft.js';
import { pausing, type Rule } from '../rule.js';
import { findingFaults } from '../schemas/schema-form.js';
import { error, quoted } from '../wording.js';

/** The segment's `input_schema` is a valid schema that is safe to run. */
export const inputSchema: Rule = function* ({ draft }) {
  const schema = asObject(draft.value.input_schema);
  if (schema === null) return;
  for (const { kind, pointer, text, suggestion } of yield* pausing(findingFaults(schema))) {
    const code = kind === 'limit' ? 'LIMIT_EXCEEDED' : 'SCHEMA_VIOLATION';
    const path = splitPointer(pointer).join('.');
    const message = `input_schema${path === '' ? '' : `: ${quoted(path)}`} ${text}`;
    yield error(code, `/input_schema${pointer}`, message, suggestion);
  }
};
