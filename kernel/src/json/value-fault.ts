import { caps, forbiddenKeys } from '@llmteam/contracts';

/** The first thing in a value that JSON does not have or the caps do not allow. */
export interface ValueFault {
  /** `keys`: an object has too many; `key`: one is forbidden; `prototype`: no plain object; `scalar`: nothing that JSON has. */
  readonly kind: 'nodes' | 'depth' | 'keys' | 'key' | 'prototype' | 'scalar';
  readonly value: unknown;
  /** The keys and indexes that lead to it. */
  readonly tokens: readonly (string | number)[];
}

/**
 * `text`: as if the value had been written as JSON and parsed: members that are undefined are absent, and objects are held to the cap for keys.
 * `strict`: objects are plain, without undefined members and forbidden keys.
 */
type Manner = 'text' | 'strict';

/** Null if the value is JSON within the caps. Bounded: cycles end at the depth, wide values at the number of nodes. */
export function findValueFault(value: unknown, manner: Manner): ValueFault | null {
  return new ValueWalk(manner).look(value, 0);
}

class ValueWalk {
  private nodes = 0;
  private readonly tokens: (string | number)[] = [];

  constructor(private readonly manner: Manner) {}

  look(value: unknown, depth: number): ValueFault | null {
    if (++this.nodes > caps.json_nodes) return this.fault('nodes', value);
    if (typeof value !== 'object' || value === null) return isScalar(value) ? null : this.fault('scalar', value);
    if (depth >= caps.json_depth) return this.fault('depth', value);
    return Array.isArray(value) ? this.lookAtList(value, depth) : this.lookAtObject(value, depth);
  }

  private lookAtList(list: readonly unknown[], depth: number): ValueFault | null {
    for (let index = 0; index < list.length; index++) {
      const fault = this.lookAtMember(index, list[index], depth);
      if (fault !== null) return fault;
    }
    return null;
  }

  private lookAtObject(object: object, depth: number): ValueFault | null {
    const isStrict = this.manner === 'strict';
    if (isStrict && !isPlain(object)) return this.fault('prototype', object);
    const keys = Object.keys(object);
    if (!isStrict && keys.length > caps.json_keys_per_object) return this.fault('keys', object);
    for (const key of keys) {
      const member: unknown = Reflect.get(object, key);
      if (!isStrict && member === undefined) continue;
      const fault = this.lookAtMember(key, member, depth);
      if (fault !== null) return fault;
    }
    return null;
  }

  private lookAtMember(token: string | number, member: unknown, depth: number): ValueFault | null {
    this.tokens.push(token);
    const isForbidden = this.manner === 'strict' && typeof token === 'string' && forbiddenKeys.has(token);
    const fault = isForbidden ? this.fault('key', member) : this.look(member, depth + 1);
    if (fault === null) this.tokens.pop();
    return fault;
  }

  private fault(kind: ValueFault['kind'], value: unknown): ValueFault {
    return { kind, value, tokens: this.tokens };
  }
}

function isPlain(object: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(object);
  return prototype === Object.prototype || prototype === null;
}

function isScalar(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  return value === null || typeof value === 'string' || typeof value === 'boolean';
}
