/** What patterns ask for in words, to follow "must be". */
import {
  expectedKeyword,
  IdempotencyKey,
  Identifier,
  type JsonObject,
  MetadataKey,
  MetadataValue,
  Name,
  Step,
} from '@llmteam/contracts';

/** The pattern of ids and port names, taken from the contract's schema. */
export const identifierPattern = patternOf(Identifier);

export const identifierForm = 'lower-case letters, digits and _, a letter first';

/** Where only `${…}` is a string at all. */
export const templatePattern = '^\\$\\{';

const nameForm = 'letters, digits, ., _ and -, a letter or digit first';

const words: ReadonlyMap<unknown, string> = new Map([
  [identifierPattern, identifierForm],
  [patternOf(Name), nameForm],
  [patternOf(MetadataKey), nameForm],
  [patternOf(MetadataValue), 'text without control characters'],
  [patternOf(IdempotencyKey), 'printable ASCII characters without blanks'],
  [patternOf(Step.properties.type), 'the id of a step type, optionally with a version, such as llm_agent@1'],
  [templatePattern, 'a `${…}`'],
]);

/** Undefined for patterns of which nobody says it. */
export function patternWords({ pattern, [expectedKeyword]: own }: JsonObject): string | undefined {
  return typeof own === 'string' ? own : words.get(pattern);
}

function patternOf(schema: object): unknown {
  return Reflect.get(schema, 'pattern');
}
