import { type Json, type Problem, schemaKeyword } from '@llmteam/contracts';
import { splitPointer } from '../../json/json-pointer.js';
import { asObject, listOf } from '../draft.js';
import { pausing } from '../rule.js';
import { findingFaults, formFaults } from '../schemas/schema-form.js';
import type { SchemaFault } from '../schemas/schema-vetting.js';
import type { ValueCheck } from '../value-check.js';
import { error, quoted } from '../wording.js';

/** Values marked `x-schema` are usable JSON Schemas: with a bad one nobody could ever answer. Unless a run fills in parts of it. */
export const nestedSchemas: ValueCheck = function* ({ value, pointer, path, schema }, step) {
  const use = schema.mark(schemaKeyword);
  const written = asObject(value);
  if (use === undefined || written === null || holdsTemplate(written)) return;
  const name = path.join('.');
  const faults = use === true ? yield* pausing(findingFaults(written)) : formFaults(written, refusedKeywords(use));
  for (const fault of faults) yield toProblem(fault, `${step.subject}, config: `, name, pointer);
};

/** The value of the keyword comes from a plugin. */
function refusedKeywords(use: Json): string[] {
  return listOf(asObject(use)?.refused).map(String);
}

function toProblem(
  { kind, pointer, text, suggestion }: SchemaFault,
  subject: string,
  name: string,
  base: string,
): Problem {
  const code = kind === 'limit' ? 'LIMIT_EXCEEDED' : 'SCHEMA_VIOLATION';
  const place = [name, ...splitPointer(pointer)].join('.');
  return error(code, base + pointer, `${subject}${quoted(place)} ${text}`, suggestion);
}

function holdsTemplate(value: Json): boolean {
  if (typeof value === 'string') return value.includes('${');
  return typeof value === 'object' && value !== null && Object.values<Json>(value).some(holdsTemplate);
}
