import { caps } from '@llmteam/contracts';

/** How large a JSON text may be. Sizes are UTF-8 bytes of the text as written. */
export interface JsonLimits {
  readonly max_bytes: number;
  /** Objects and lists inside one another. */
  readonly max_depth: number;
  /** Values in all: objects, lists and what they hold. */
  readonly max_nodes: number;
  readonly max_keys_per_object: number;
  /** Of one string or key. */
  readonly max_string_bytes: number;
}

export const json_limits: JsonLimits = {
  max_bytes: caps.value_bytes,
  max_depth: caps.json_depth,
  max_nodes: caps.json_nodes,
  max_keys_per_object: caps.json_keys_per_object,
  max_string_bytes: caps.json_string_bytes,
};

/** Keys that JavaScript gives a meaning of their own; no JSON that comes in may have them. */
export const forbidden_keys: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);
