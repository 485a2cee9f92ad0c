import type { Json, JsonObject, Problem } from '@llmteam/contracts';
import { ClosestName } from './closest-name.js';
import { outOfBounds } from './json-bounds.js';
import { userSchema } from './schemas/user-schema.js';
import { error, quoted } from './wording.js';

/** Validates a value against a user-written schema, e.g. a human task's form. Paths are JSON Pointers into the value. */
export function validateValue(schema: JsonObject, value: Json, name: string): Problem[] {
  const excess = outOfBounds(value, `the ${name}`);
  if (excess !== null) return [excess];
  const compiled = userSchema(schema);
  const [fault] = compiled.faults;
  if (fault !== undefined) {
    const place = fault.pointer === '' ? '' : `${quoted(fault.pointer)} `;
    return [error('SCHEMA_VIOLATION', '', `the schema of the ${name} cannot be used: ${place}${fault.text}`)];
  }
  return compiled.check(value, { base: '', closest: new ClosestName(), subject: () => ({ name, depth: 0 }) });
}
