import { caps } from '@llmteam/contracts';
import { findValueFault } from '../json/value-fault.js';

/** Why a value that a handler returned is not JSON as the journal keeps it, with the place; null if it is. */
export function jsonFault(value: unknown): string | null {
  const fault = findValueFault(value, 'strict');
  if (fault === null) return null;
  const path = fault.tokens.map((token) => `/${token}`).join('');
  const place = path || 'the value';
  switch (fault.kind) {
    case 'nodes':
      return `has more than ${caps.json_nodes} parts`;
    case 'depth':
      return `is nested deeper than ${caps.json_depth}`;
    case 'prototype':
      return `${place} is not a plain object`;
    case 'key':
      return `${path} is a key that is not allowed`;
    default:
      return `${place} is ${typeof fault.value === 'number' ? fault.value : `a ${typeof fault.value}`}`;
  }
}

/** The same value without the members that are `undefined`, as JSON would keep it. */
export function withoutUndefined(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value);
  return entries.some(([, part]) => part === undefined)
    ? Object.fromEntries(entries.filter(([, part]) => part !== undefined))
    : value;
}
