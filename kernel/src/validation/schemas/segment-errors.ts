import { Segment } from '@llmteam/contracts';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { compareAsText } from './comparisons.js';

/** Compiled when the first segment comes, as that takes longer than most commands. */
const compiled = new WeakMap<object, ValidateFunction>();

/** What Ajv says of a segment by the schema of the contract. */
export function segmentErrors(value: unknown): readonly ErrorObject[] {
  const validate = compiled.get(Segment) ?? compile();
  compiled.set(Segment, validate);
  return validate(value) ? [] : (validate.errors ?? []);
}

function compile(): ValidateFunction {
  const ajv = new Ajv2020({
    allErrors: true,
    verbose: true,
    strict: false,
    logger: false,
    meta: false,
    validateSchema: false,
  });
  compareAsText(ajv, () => undefined);
  return ajv.compile(Segment);
}
