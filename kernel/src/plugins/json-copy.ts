import { caps } from '@llmteam/contracts';

/**
 * A copy that shares no object with the original. Every member is read once, so a getter or a proxy cannot say something else later. What
 * is not JSON, or beyond the caps, stays as it is, to be refused by whoever checks the copy.
 */
export function jsonCopy<T>(value: T): T {
  return new Copying().copy(value, 0) as T;
}

class Copying {
  private nodes = 0;

  copy(value: unknown, depth: number): unknown {
    // Cycles are refused as deeper values are; a cycle with branches would never end before it is too deep.
    const isExcess = ++this.nodes > caps.json_nodes || depth > caps.json_depth;
    if (typeof value !== 'object' || value === null || isExcess) return value;
    if (Array.isArray(value)) return this.list(value, depth);
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) return value;
    const copied: Record<string, unknown> = {};
    for (const key of Object.keys(value)) {
      const member = this.copy((value as Record<string, unknown>)[key], depth + 1);
      // Assigned like any other it would become the prototype.
      if (key === '__proto__') Object.defineProperty(copied, key, { value: member, enumerable: true });
      else copied[key] = member;
    }
    return copied;
  }

  private list(list: readonly unknown[], depth: number): unknown {
    // A longer one is refused for its number of parts.
    if (list.length > caps.json_nodes) return list;
    return Array.from({ length: list.length }, (_, index) => this.copy(list[index], depth + 1));
  }
}
