import { Type } from 'typebox';

/** A key of the metadata of a run. */
export const MetadataKey = Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*$', maxLength: 64 });

/** A value of the metadata of a run: text without control characters. */
export const MetadataValue = Type.String({ pattern: '^[^\\p{Cc}\\p{Cs}]*$', maxLength: 256 });

export type RunMetadata = Readonly<Record<string, string>>;

/** A client's own labels of a run, to find it by: at most 16, set at the start. */
export const RunMetadata = Type.Unsafe<RunMetadata>({
  type: 'object',
  maxProperties: 16,
  propertyNames: MetadataKey,
  additionalProperties: MetadataValue,
  description: "The client's own labels of the run, to find it by: text by name.",
});
