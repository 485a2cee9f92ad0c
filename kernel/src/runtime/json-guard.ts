import { caps } from '@llmteam/contracts';
import { kindInWords } from '../json/kind-in-words.js';
import { findValueFault } from '../json/value-fault.js';

const longestKey = 128;

/** Why the journal cannot store a handler's return value as JSON, and where in the value; null if it can. */
export function jsonFault(value: unknown): string | null {
  const fault = findValueFault(value, 'strict');
  if (fault === null) return null;
  const path = pathOf(fault.tokens);
  const subject = path || 'the value';
  switch (fault.kind) {
    case 'nodes':
      return `has more than ${caps.json_nodes} parts`;
    case 'depth':
      return `is nested deeper than ${caps.json_depth}`;
    case 'prototype':
      return `${subject} is not a plain object`;
    case 'key':
      return `${path} is a key that is not allowed`;
    default:
      return `${subject} is ${typeof fault.value === 'number' ? fault.value : kindInWords(fault.value)}`;
  }
}

/** As it is written in code: `output.lines[3].text`. */
function pathOf(tokens: readonly (string | number)[]): string {
  const parts = tokens.map((token) => {
    if (typeof token === 'number') return `[${token}]`;
    return /^[\p{L}\p{N}_$-]+$/u.test(token) ? `.${shown(token)}` : `["${shown(token)}"]`;
  });
  return parts.join('').replace(/^\./, '');
}

/** A key may be of any length; one that is cut might leave half of a secret. */
function shown(token: string): string {
  return token.length > longestKey ? '…' : token;
}

/** Drops top-level members that are `undefined`, as `JSON.stringify` would. */
export function withoutUndefined(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value);
  return entries.some(([, part]) => part === undefined)
    ? Object.fromEntries(entries.filter(([, part]) => part !== undefined))
    : value;
}
