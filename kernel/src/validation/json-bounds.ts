import { caps, type Problem } from '@llmteam/contracts';
import { toPointer } from '../json/json-pointer.js';
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
export function outOfBounds(value: unknown, what: string): Problem | null {
  const fault = findFault(value, 0, { nodes: 0 });
  if (fault === null) return null;
  return error(fault.code, toPointer(fault.tokens.reverse()), `${what} ${fault.text}`);
}

function findFault(value: unknown, depth: number, count: { nodes: number }): Fault | null {
  count.nodes++;
  if (count.nodes > caps.json_nodes) return limit(`has more than ${caps.json_nodes} values`);
  if (typeof value === 'number' && !Number.isFinite(value)) return noJson(String(value));
  if (typeof value === 'object' && value !== null) return findFaultWithin(value, depth, count);
  const isJson = value === null || ['string', 'number', 'boolean'].includes(typeof value);
  return isJson ? null : noJson(value === undefined ? 'undefined' : `a ${typeof value}`);
}

function findFaultWithin(value: object, depth: number, count: { nodes: number }): Fault | null {
  if (depth >= caps.json_depth) return limit(`is nested deeper than ${caps.json_depth}`);
  const isList = Array.isArray(value);
  const keys = Object.keys(value);
  if (!isList && keys.length > caps.json_keys_per_object) {
    return limit(`has an object of more than ${caps.json_keys_per_object} keys`);
  }
  for (const [key, member] of isList ? value.entries() : Object.entries(value)) {
    // What is undefined is absent, as when it is written as JSON.
    const fault = member === undefined && !isList ? null : findFault(member, depth + 1, count);
    if (fault === null) continue;
    fault.tokens.push(key);
    return fault;
  }
  return null;
}

function limit(text: string): Fault {
  return { code: 'LIMIT_EXCEEDED', text, tokens: [] };
}

function noJson(what: string): Fault {
  return { code: 'INVALID_TYPE', text: `holds ${what}, which JSON has not`, tokens: [] };
}
