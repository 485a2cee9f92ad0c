import { caps } from '@llmteam/contracts';

/**
 * A copy that shares no object with the original. Every member is read once, so a getter or a proxy cannot say something else later. What
 * is not JSON stays as it is, to be refused by whoever checks the copy.
 */
export function jsonCopy<T>(value: T): T {
  return copy(value, 0) as T;
}

function copy(value: unknown, depth: number): unknown {
  // Deeper values, cycles among them, are refused anyway.
  if (typeof value !== 'object' || value === null || depth > caps.json_depth) return value;
  if (Array.isArray(value)) return value.map((item) => copy(item, depth + 1));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  const copied: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const member = copy((value as Record<string, unknown>)[key], depth + 1);
    // Assigned like any other it would become the prototype.
    if (key === '__proto__') Object.defineProperty(copied, key, { value: member, enumerable: true });
    else copied[key] = member;
  }
  return copied;
}
