import { caps } from '@llmteam/contracts';

const refusedKeys: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Why a value that a handler gave is not JSON as the journal keeps it, with the place; null: it is.
 * Bounded by `caps`: cycles end at the depth, wide values at the node count.
 */
export function jsonFault(value: unknown): string | null {
  let nodes = 0;
  const look = (part: unknown, path: string, depth: number): string | null => {
    if (++nodes > caps.json_nodes) return `has more than ${caps.json_nodes} parts`;
    if (typeof part !== 'object' || part === null) return scalarFault(part, path);
    if (depth >= caps.json_depth) return `is nested deeper than ${caps.json_depth}`;
    if (Array.isArray(part)) return lookAtList(part, path, depth);
    return lookAtObject(part as Record<string, unknown>, path, depth);
  };
  const lookAtList = (list: readonly unknown[], path: string, depth: number): string | null => {
    for (let place = 0; place < list.length; place++) {
      const fault = look(list[place], `${path}/${place}`, depth + 1);
      if (fault !== null) return fault;
    }
    return null;
  };
  const lookAtObject = (object: Record<string, unknown>, path: string, depth: number): string | null => {
    const prototype: unknown = Object.getPrototypeOf(object);
    if (prototype !== Object.prototype && prototype !== null) return `${path || 'the value'} is not a plain object`;
    for (const key of Object.keys(object)) {
      if (refusedKeys.has(key)) return `${path}/${key} is a key that is not allowed`;
      const fault = look(object[key], `${path}/${key}`, depth + 1);
      if (fault !== null) return fault;
    }
    return null;
  };
  return look(value, '', 0);
}

function scalarFault(value: unknown, path: string): string | null {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return null;
  if (typeof value === 'number') return Number.isFinite(value) ? null : `${path || 'the value'} is ${value}`;
  return `${path || 'the value'} is a ${typeof value}`;
}

/** The same value without the members that are `undefined`, as JSON would keep it. */
export function withoutUndefined(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value);
  return entries.some(([, part]) => part === undefined)
    ? Object.fromEntries(entries.filter(([, part]) => part !== undefined))
    : value;
}
