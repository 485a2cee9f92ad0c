import { caps, forbiddenKeys } from '@llmteam/contracts';

/** The first part of a value that is not JSON or exceeds a cap. */
export interface ValueFault {
  /** `keys`: too many keys in an object; `key`: a forbidden key; `prototype`: not a plain object; `scalar`: not a JSON scalar. */
  readonly kind: 'nodes' | 'depth' | 'keys' | 'key' | 'prototype' | 'scalar';
  readonly value: unknown;
  /** The keys and indexes that lead to it. */
  readonly tokens: readonly (string | number)[];
}

/**
 * `text`: judges the value as if it had been serialized and parsed: undefined members are ignored, and the cap on keys applies.
 * `strict`: objects must be plain, without undefined members.
 */
type Mode = 'text' | 'strict';

/** Returns null if the value is JSON within the caps. Always terminates: the depth cap stops cycles, the node cap wide values. */
export function findValueFault(value: unknown, mode: Mode): ValueFault | null {
  return new ValueWalk(mode).look(value, 0);
}

class ValueWalk {
  private nodes = 0;
  private readonly tokens: (string | number)[] = [];

  constructor(private readonly mode: Mode) {}

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
    const isStrict = this.mode === 'strict';
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
    const isForbidden = typeof token === 'string' && forbiddenKeys.has(token);
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
