import { caps, type Problem } from '@llmteam/contracts';
import { toPointer } from '../json/json-pointer.js';
import { findValueFault, type ValueFault } from '../json/value-fault.js';
import { error } from './wording.js';

/**
 * What keeps a value from being judged at all: it is deeper or has more members than any JSON may, or is no JSON. Texts are held to
 * this when they are parsed; values from elsewhere are not.
 */
export function outOfBounds(value: unknown, what: string): Problem | null {
  const fault = findValueFault(value, 'text');
  if (fault === null) return null;
  const code = fault.kind === 'scalar' ? 'INVALID_TYPE' : 'LIMIT_EXCEEDED';
  return error(code, toPointer(fault.tokens), `${what} ${textOf(fault)}`);
}

function textOf({ kind, value }: ValueFault): string {
  if (kind === 'nodes') return `has more than ${caps.json_nodes} values`;
  if (kind === 'depth') return `is nested deeper than ${caps.json_depth}`;
  if (kind === 'keys') return `has an object of more than ${caps.json_keys_per_object} keys`;
  const what = typeof value === 'number' || value === undefined ? String(value) : `a ${typeof value}`;
  return `holds ${what}, which JSON has not`;
}
