import { caps, type Problem } from '@llmteam/contracts';
import { toPointer } from '../json/json-pointer.js';
import { findValueFault, type ValueFault } from '../json/value-fault.js';
import { error } from './wording.js';

const codes: Readonly<Partial<Record<ValueFault['kind'], Problem['code']>>> = {
  scalar: 'INVALID_TYPE',
  key: 'UNKNOWN_FIELD',
};

/**
 * Checks that a value is JSON within the caps, without which it cannot be validated at all. Parsed texts have already been checked;
 * values from elsewhere have not.
 */
export function outOfBounds(value: unknown, what: string): Problem | null {
  const fault = findValueFault(value, 'text');
  if (fault === null) return null;
  const code = codes[fault.kind] ?? 'LIMIT_EXCEEDED';
  return error(code, toPointer(fault.tokens), `${what} ${textOf(fault)}`);
}

function textOf({ kind, value }: ValueFault): string {
  if (kind === 'nodes') return `has more than ${caps.json_nodes} values`;
  if (kind === 'depth') return `is nested deeper than ${caps.json_depth}`;
  if (kind === 'key') return 'contains a key that is not allowed, since it would name a prototype';
  if (kind === 'keys') return `has an object of more than ${caps.json_keys_per_object} keys`;
  const what = typeof value === 'number' || value === undefined ? String(value) : `a ${typeof value}`;
  return `contains ${what}, which is not JSON`;
}
