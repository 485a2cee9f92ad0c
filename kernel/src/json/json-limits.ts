import { caps } from '@llmteam/contracts';

/** How large a JSON text may be. Sizes are UTF-8 bytes of the text as written. */
export interface JsonLimits {
  readonly maxBytes: number;
  /** Nesting of objects and lists. */
  readonly maxDepth: number;
  /** Total number of values, including objects and lists. */
  readonly maxNodes: number;
  readonly maxKeysPerObject: number;
  /** Of one string or key. */
  readonly maxStringBytes: number;
}

export const jsonLimits: JsonLimits = {
  maxBytes: caps.value_bytes,
  maxDepth: caps.json_depth,
  maxNodes: caps.json_nodes,
  maxKeysPerObject: caps.json_keys_per_object,
  maxStringBytes: caps.json_string_bytes,
};
