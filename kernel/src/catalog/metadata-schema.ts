import { type JsonObject, StepTypeMetadata } from '@llmteam/contracts';

/** The schema of a catalog entry without `$id`s: Ajv refuses a part that is used twice as ambiguous. */
export const metadataSchema: JsonObject = JSON.parse(
  JSON.stringify(StepTypeMetadata, (key, part: unknown) => (key === '$id' ? undefined : part)),
);
