import { expectedKeyword, type Json } from '@llmteam/contracts';

/** Keys for people: catalog texts, and the annotations of a JSON Schema. */
const annotations: ReadonlySet<string> = new Set<string>([
  'description',
  'display_name',
  'title',
  'icon',
  'color',
  'docs_url',
  'examples',
  expectedKeyword,
]);

/** Metadata without what is only for people: two versions of a text describe the same step type. */
export function metadataContract(value: Json): Json {
  if (Array.isArray(value)) return value.map(metadataContract);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([key, member]) => !isAnnotation(key, member));
  return Object.fromEntries(kept.map(([key, member]) => [key, metadataContract(member)]));
}

/** A property of a schema may have such a name too; then its value is a schema, not a text or a list. */
function isAnnotation(key: string, member: Json): boolean {
  return annotations.has(key) && (typeof member === 'string' || Array.isArray(member));
}
