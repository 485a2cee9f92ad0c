import { caps } from '@llmteam/contracts';
import { findValueFault } from '../json/value-fault.js';

/** Why the journal cannot store a handler's return value as JSON, and where in the value; null if it can. */
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

/** Drops top-level members that are `undefined`, as `JSON.stringify` would. */
export function withoutUndefined(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value);
  return entries.some(([, part]) => part === undefined)
    ? Object.fromEntries(entries.filter(([, part]) => part !== undefined))
    : value;
}
