import { split_pointer } from '../../json/json-pointer.js';
import { as_object } from '../draft.js';
import type { Rule } from '../rule.js';
import { user_schema } from '../schemas/user-schema.js';
import { error, quoted } from '../wording.js';

/** The segment's own `input_schema` is a schema, and one that may be run. */
export const input_schema: Rule = function* ({ draft }) {
  const schema = as_object(draft.value.input_schema);
  if (schema === null) return;
  for (const { kind, pointer, text, suggestion } of user_schema(schema).faults) {
    const code = kind === 'limit' ? 'LIMIT_EXCEEDED' : 'SCHEMA_VIOLATION';
    const place = split_pointer(pointer).join('.');
    const message = `input_schema${place === '' ? '' : `: ${quoted(place)}`} ${text}`;
    yield error(code, `/input_schema${pointer}`, message, suggestion);
  }
};
