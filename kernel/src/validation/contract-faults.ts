import { ClosestName } from './closest-name.js';
import { makeVerboseAjv } from './schemas/ajv.js';
import { onePerCause } from './schemas/causes.js';
import { schemaProblems } from './schemas/schema-problems.js';

export interface ContractFault {
  /** JSON Pointer. */
  readonly path: string;
  readonly message: string;
}

/**
 * What is wrong with a value by a schema of our own, in the words that segments are judged with. For a value that is known to be
 * wrong: the schema is compiled anew, with all that the words need.
 */
export function contractFaults(schema: object, value: unknown, name: string): ContractFault[] {
  const ajv = makeVerboseAjv();
  ajv.validate(schema, value);
  const scene = { base: '', closest: new ClosestName(), subject: () => ({ name, depth: 0 }) };
  return schemaProblems(onePerCause(ajv.errors ?? []), scene).map(({ path, message }) => ({ path, message }));
}
