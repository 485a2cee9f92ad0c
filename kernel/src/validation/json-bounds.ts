import { caps, type Problem } from '@llmteam/contracts';
import { to_pointer } from '../json/json-pointer.js';
import { error } from './wording.js';

interface Fault {
  readonly code: 'LIMIT_EXCEEDED' | 'INVALID_TYPE';
  readonly text: string;
  /** From the inside out. */
  readonly tokens: (string | number)[];
}

/**
 * What keeps a value from being judged at all: it is deeper or has more members than any JSON may, or is no JSON. Texts are held to
 * this when they are parsed; values from elsewhere are not. Recursion ends at the depth cap.
 */
export function out_of_bounds(value: unknown, what: string): Problem | null {
  const fault = find_fault(value, 0, { nodes: 0 });
  if (fault === null) return null;
  return error(fault.code, to_pointer(fault.tokens.reverse()), `${what} ${fault.text}`);
}

function find_fault(value: unknown, depth: number, count: { nodes: number }): Fault | null {
  count.nodes++;
  if (count.nodes > caps.json_nodes) return limit(`has more than ${caps.json_nodes} values`);
  if (typeof value === 'number' && !Number.isFinite(value)) return no_json(String(value));
  if (typeof value === 'object' && value !== null) return find_fault_within(value, depth, count);
  const is_json = value === null || ['string', 'number', 'boolean'].includes(typeof value);
  return is_json ? null : no_json(value === undefined ? 'undefined' : `a ${typeof value}`);
}

function find_fault_within(value: object, depth: number, count: { nodes: number }): Fault | null {
  if (depth >= caps.json_depth) return limit(`is nested deeper than ${caps.json_depth}`);
  const is_list = Array.isArray(value);
  const keys = Object.keys(value);
  if (!is_list && keys.length > caps.json_keys_per_object) {
    return limit(`has an object of more than ${caps.json_keys_per_object} keys`);
  }
  for (const [key, member] of is_list ? value.entries() : Object.entries(value)) {
    // What is undefined is absent, as when it is written as JSON.
    const fault = member === undefined && !is_list ? null : find_fault(member, depth + 1, count);
    if (fault === null) continue;
    fault.tokens.push(key);
    return fault;
  }
  return null;
}

function limit(text: string): Fault {
  return { code: 'LIMIT_EXCEEDED', text, tokens: [] };
}

function no_json(what: string): Fault {
  return { code: 'INVALID_TYPE', text: `holds ${what}, which JSON has not`, tokens: [] };
}
