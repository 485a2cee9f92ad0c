import type { JsonObject, ModelRequest } from '@llmteam/contracts';
import { isStrictSchema } from '../output-schema.js';

/** For services of OpenAI's kind: they reject open schemas in strict mode, but accept them without it. */
export function strictOptions({ output_schema, reasoning_effort }: ModelRequest): JsonObject {
  return {
    strictJsonSchema: output_schema !== undefined && isStrictSchema(output_schema),
    ...(reasoning_effort !== undefined && { reasoningEffort: reasoning_effort }),
  };
}
