import { Segment } from '@llmteam/contracts';
import type { ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';
import { makeVerboseAjv } from './ajv.js';

/** Compiled on first use, because compiling takes longer than most commands. */
const compiled = new WeakMap<object, ValidateFunction>();

/** Ajv's errors for a segment, by the contract's schema. */
export function segmentErrors(value: unknown): readonly ErrorObject[] {
  const validate = compiled.get(Segment) ?? makeVerboseAjv().compile(Segment);
  compiled.set(Segment, validate);
  return validate(value) ? [] : (validate.errors ?? []);
}
