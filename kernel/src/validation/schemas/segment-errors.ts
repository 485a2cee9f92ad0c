import { Segment } from '@llmteam/contracts';
import type { ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';
import { makeVerboseAjv } from './ajv.js';

/** Compiled when the first segment comes, as that takes longer than most commands. */
const compiled = new WeakMap<object, ValidateFunction>();

/** What Ajv says of a segment by the schema of the contract. */
export function segmentErrors(value: unknown): readonly ErrorObject[] {
  const validate = compiled.get(Segment) ?? makeVerboseAjv().compile(Segment);
  compiled.set(Segment, validate);
  return validate(value) ? [] : (validate.errors ?? []);
}
