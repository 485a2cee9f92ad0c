import { splitPointer } from '../../json/json-pointer.js';
import { asObject } from '../draft.js';
import type { Rule } from '../rule.js';
import { userSchema } from '../schemas/user-schema.js';
import { error, quoted } from '../wording.js';

/** The segment's `input_schema` is a valid schema that is safe to run. */
export const inputSchema: Rule = function* ({ draft }) {
  const schema = asObject(draft.value.input_schema);
  if (schema === null) return;
  for (const { kind, pointer, text, suggestion } of userSchema(schema).faults) {
    const code = kind === 'limit' ? 'LIMIT_EXCEEDED' : 'SCHEMA_VIOLATION';
    const place = splitPointer(pointer).join('.');
    const message = `input_schema${place === '' ? '' : `: ${quoted(place)}`} ${text}`;
    yield error(code, `/input_schema${pointer}`, message, suggestion);
  }
};
